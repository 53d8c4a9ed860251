/**
 * The HTTP side of the function: which requests can be calls, and the responses
 * that hold no permissions.
 *
 * @module
 */
import { type Failure, FunctionError } from "./errors.ts";
import { escapePath } from "./observability/escape_path.ts";

/** The headers of every response. */
export const JSON_TYPE = { "content-type": "application/json" } as const;

/**
 * Refuses what cannot be a call of ZITADEL, before anything of it is read.
 *
 * @param request The request.
 * @param path Its path.
 * @throws {FunctionError} `not_found` for any path but `/`, `method_not_allowed` for any method but POST.
 */
export function requireCall({ method, headers }: Request, path: string): void {
  if (path !== "/") {
    const isCall = method === "POST" && headers.has("zitadel-signature");
    if (!isCall) {
      throw new FunctionError(
        "not_found",
        "Refused a request: the function serves only /",
      );
    }
    throw new FunctionError(
      "not_found",
      `Refused a call to ${escapePath(path)}: the function serves only /`,
      {
        reason: "wrong_path",
        remedy:
          "Set the target's endpoint to the function's address without a path (deno task setup --endpoint URL), or let the proxy remove its prefix",
      },
    );
  }
  if (method !== "POST") {
    throw new FunctionError(
      "method_not_allowed",
      "Refused a request: the method is not POST",
    );
  }
}

/**
 * Builds the response to a request that failed: the status and the code, and
 * nothing about the cause.
 *
 * @param failure What the caller is told.
 * @returns The response.
 */
export function refuse({ code, status }: Failure): Response {
  const headers = new Headers(JSON_TYPE);
  if (code === "method_not_allowed") headers.set("allow", "POST");
  // The rest of an evicted body would keep arriving on the same connection.
  if (code === "overloaded") headers.set("connection", "close");
  return new Response(JSON.stringify({ error: code }), { status, headers });
}

/**
 * Returns a request's path. Its URL is Deno's, built from what the client sent;
 * parsing it costs more, and fails for hosts that no URL can hold.
 *
 * @param request The request.
 * @returns The path, without the query.
 */
export function pathOf({ url }: Request): string {
  const path = url.slice(url.indexOf("/", url.indexOf("//") + 2));
  return path.split("?", 1)[0]!;
}

/**
 * Answers a probe. Neither ZITADEL nor KV is asked, so that their outage does not
 * restart a function that still serves from memory.
 *
 * @param request The request to `/healthz`.
 * @returns The response.
 */
export function health(request: Request): Response {
  if (request.method !== "GET" && request.method !== "HEAD") {
    const headers = { ...JSON_TYPE, allow: "GET, HEAD" };
    const body = JSON.stringify({ error: "method_not_allowed" });
    return new Response(body, { status: 405, headers });
  }
  return new Response('{"status":"ok"}', { headers: JSON_TYPE });
}
