/**
 * Who may talk to the sandbox: programs and pages on this machine. A page
 * elsewhere must not reach it, neither by its address (its origin is refused)
 * nor by a name that was pointed at loopback (the host is refused).
 *
 * @module
 */

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Says why a request is refused. */
export function refusal(request: Request, host: string): string | undefined {
  if (!isLoopback(`http://${host}`)) {
    return `The host ${host} is not the sandbox's: it answers on loopback only`;
  }
  const origin = request.headers.get("origin");
  if (origin !== null && origin !== "null" && !isLoopback(origin)) {
    return `Pages of ${origin} may not use the sandbox: only local pages may`;
  }
}

/** Adds what lets a local page of another port read the answer. */
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
