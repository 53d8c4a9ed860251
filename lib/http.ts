/**
 * The HTTP side of the function: which requests can be calls, and the responses
 * that hold no permissions.
 *
 * @module
 */
import { type Failure, FunctionError } from "./errors.ts";

/**
 * Refuses what cannot be a call of ZITADEL, before anything of it is read.
 *
 * @throws {FunctionError} `not_found` for any path but `/`, `method_not_allowed` for any method but POST.
 */
export function requireCall({ method, headers }: Request, path: string): void {
  if (path !== "/") {
    const isCall = method === "POST" && headers.has("zitadel-signature");
    const what = isCall ? `call to ${escapePath(path)}` : "request";
    throw new FunctionError(
      "not_found",
      `Refused a ${what}: the function serves only /`,
      isCall ? { reason: "wrong_path" } : {},
    );
  }
  if (method !== "POST") {
    throw new FunctionError(
      "method_not_allowed",
      "Refused a request: the method is not POST",
    );
  }
}

/** Builds the response to a request that failed; it says nothing about the cause. */
export function refuse(
  { code, status }: Pick<Failure, "code" | "status">,
  allow = "POST",
): Response {
  const headers = new Headers();
  if (code === "method_not_allowed") headers.set("allow", allow);
  // The rest of an evicted body would keep arriving on the same connection.
  if (code === "overloaded") headers.set("connection", "close");
  return Response.json({ error: code }, { status, headers });
}

/**
 * Returns a request's path, without the query. Its URL is Deno's, built from what the client sent;
 * parsing it costs more, and fails for hosts that no URL can hold.
 */
export function pathOf({ url }: Request): string {
  const path = url.slice(url.indexOf("/", url.indexOf("//") + 2));
  return path.split("?", 1)[0]!;
}

/**
 * Answers a probe. Neither ZITADEL nor KV is asked, so that their outage does not
 * restart a function that still serves from memory.
 */
export function health(request: Request): Response {
  return request.method === "GET" || request.method === "HEAD"
    ? Response.json({ status: "ok" })
    : refuse({ code: "method_not_allowed", status: 405 }, "GET, HEAD");
}

/** How long a path in a log line may be, in characters. */
const MAX_PATH_CHARACTERS = 100;

const CUT = "...";

/**
 * Escapes a path for the log: a stranger chose it, and a log viewer may act on
 * control characters, line separators or text that runs from right to left.
 *
 * @returns Printable ASCII, percent-encoded and cut at {@linkcode MAX_PATH_CHARACTERS}.
 */
export function escapePath(path: string): string {
  const beginning = path.slice(0, MAX_PATH_CHARACTERS + 1).toWellFormed();
  // What was percent-encoded stays as it was sent.
  const escaped = encodeURI(beginning).replaceAll("%25", "%");
  return escaped.length > MAX_PATH_CHARACTERS
    ? escaped.slice(0, MAX_PATH_CHARACTERS - CUT.length) + CUT
    : escaped;
}
