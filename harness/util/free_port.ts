/**
 * Finds a port on loopback that nobody listens on: for a server whose address
 * has to be known before it starts.
 */
export function freePort(preferred = 0): number {
  try {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: preferred });
    return listener.addr.port;
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse) || preferred === 0) {
      throw error;
    }
    return freePort();
  }
}
