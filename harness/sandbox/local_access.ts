import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { isLoopback } from "../util/is_loopback.ts";
import { refuseForeignHost } from "../util/local_server.ts";

const isPage = (origin: string | undefined) => origin && origin !== "null";

/**
 * Restricts the sandbox to programs and pages on this machine. A page from
 * elsewhere must not reach it, neither by its address (its origin is refused)
 * nor by a name that resolves to loopback (the host is refused). A page of
 * another local port may read the answers.
 */
export const localAccess: readonly [MiddlewareHandler, MiddlewareHandler] = [
  async ({ req }, next) => {
    const foreign = refuseForeignHost(req.raw);
    if (foreign !== undefined) return foreign;
    const origin = req.header("origin");
    if (!isPage(origin) || isLoopback(URL.parse(origin!))) return await next();
    const error = "Only local pages may use the sandbox";
    return Response.json({ error }, { status: 403 });
  },
  cors({ origin: (origin) => isPage(origin) ? origin : null, maxAge: 600 }),
];
