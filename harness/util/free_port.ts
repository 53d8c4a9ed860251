/**
 * Finds a free port on loopback, for a server whose address must be known
 * before it starts.
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
