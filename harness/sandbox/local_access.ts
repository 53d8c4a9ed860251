/**
 * Restricts the sandbox to programs and pages on this machine. A page from
 * elsewhere must not reach it, neither by its address (its origin is refused)
 * nor by a name that resolves to loopback (the host is refused).
 *
 * @module
 */

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Returns why a request is refused, or `undefined`. */
export function refusal(request: Request, host: string): string | undefined {
  if (!isLoopback(`http://${host}`)) {
    return `Cannot answer for the host ${host}: the sandbox answers on loopback only`;
  }
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== "null" && !isLoopback(origin)) {
    return `Cannot answer pages of ${origin}: only local pages may use the sandbox`;
  }
}

/**
 * Returns the headers that let a page of another local port read the answer.
 */
export function corsHeaders(request: Request): Record<string, string> {
  const origin = request.headers.get("origin");
  if (origin === null || origin === "null") return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-methods": "GET, POST, PUT, DELETE, PATCH",
    "access-control-allow-headers":
      request.headers.get("access-control-request-headers") ?? "*",
    "access-control-max-age": "600",
    "vary": "origin",
  };
}

function isLoopback(origin: string): boolean {
  try {
    return LOOPBACK.has(new URL(origin).hostname);
  } catch {
    return false;
  }
}
