/**
 * Restricts the sandbox to programs and pages on this machine. A page from
 * elsewhere must not reach it, neither by its address (its origin is refused)
 * nor by a name that resolves to loopback (the host is refused).
 *
 * @module
 */
import { isLoopback } from "../util/is_loopback.ts";
import { refuseForeignHost } from "../util/local_server.ts";

/** Returns the answer to a request that is refused, or `undefined`. */
export function refusal(request: Request): Response | undefined {
  const foreign = refuseForeignHost(request);
  if (foreign !== undefined) return foreign;
  const origin = request.headers.get("origin");
  if (origin === null || origin === "null" || isLoopback(URL.parse(origin))) {
    return undefined;
  }
  return Response.json(
    { error: "Only local pages may use the sandbox" },
    { status: 403 },
  );
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
