/**
 * Finds a port on loopback that nobody listens on: for a server whose address
 * has to be known before it starts.
 *
 * @returns The port.
 */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
