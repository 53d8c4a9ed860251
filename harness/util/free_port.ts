/**
 * Finds a port that is free at both addresses of `localhost`, for a server whose
 * address must be known before it starts.
 */
export function freePort(preferred = 0): number {
  try {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: preferred });
    const { port } = listener.addr;
    using _ = withIpv6(() => Deno.listen({ hostname: "::1", port }));
    return port;
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return freePort();
  }
}

/**
 * Returns a port that someone chose.
 *
 * @throws {Error} If it is in use; the message names it and who chose it.
 */
export function requirePort(port: number, chosenBy: string): number {
  if (freePort(port) === port) return port;
  throw new Error(
    `Cannot listen: port ${port}, chosen by ${chosenBy}, is in use; choose another one`,
  );
}

/**
 * Listens at an IPv6 address; `undefined` on a machine without any, or if this
 * process may not, as no one can be reached there by it.
 *
 * @throws {Deno.errors.AddrInUse}
 */
export function withIpv6<T>(listen: () => T): T | undefined {
  try {
    return listen();
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    return undefined;
  }
}
