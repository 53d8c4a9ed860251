/**
 * An API that checks the permissions in ZITADEL's access tokens, with Hono:
 * `ISSUER=https://... AUDIENCE=<project id> deno run --allow-net --allow-env hono.ts`
 */
import { Hono } from "hono";
import { createMiddleware } from "hono/factory";
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";

const env = (name: string) => Deno.env.get(name) || undefined;
const [issuer, audience] = [env("ISSUER"), env("AUDIENCE")];
if (!issuer || !audience) throw new Error("Set ISSUER and AUDIENCE");
const claim = env("CLAIM") ?? "permissions";
// Name both for by_organization, PROJECT for by_project, else neither.
const place = { project: env("PROJECT"), organization: env("ORGANIZATION") };

const keys = createRemoteJWKSet(new URL("/oauth/v2/keys", issuer));
const rules = {
  issuer,
  audience,
  algorithms: ["RS256"], // ZITADEL's default; add your web key's if it differs
  requiredClaims: ["exp", "sub", "client_id", "jti"],
  clockTolerance: 5, // seconds
};
/** Errors of fetching the keys; they say nothing about the token. */
const NO_KEYS = ["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"];

async function verifyAccessToken(token: string): Promise<JWTPayload> {
  const { payload } = await jwtVerify(token, keys, rules);
  // An ID token has the same key, `typ` and audience, but also `azp`.
  if ("azp" in payload) throw new errors.JWTInvalid("Not an access token");
  return payload;
}

/** Looks only where the caller says: a named project must be in the claim. */
function hasPermission(
  claims: JWTPayload,
  permission: string,
  { project, organization }: typeof place,
): boolean {
  const path = [claim, organization, project].filter((it) => it !== undefined);
  let value: unknown = claims;
  for (const key of path) {
    if (!Object.hasOwn(Object(value), key)) return false;
    value = (value as Record<string, unknown>)[key];
  }
  const isText = typeof value === "string" && path.length === 1;
  const list = isText ? String(value).split(" ") : value;
  return permission !== "" && Array.isArray(list) && list.includes(permission);
}

function requirePermission(permission: string) {
  return createMiddleware(async (c, next) => {
    const refuse = (status: 401 | 403, challenge: string, message: string) => {
      c.header("WWW-Authenticate", `Bearer ${challenge}`);
      return c.json({ message }, status);
    };
    const header = c.req.header("Authorization") ?? "";
    const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
    if (!token) return refuse(401, 'realm="api"', "No bearer token");
    try {
      const claims = await verifyAccessToken(token);
      if (!hasPermission(claims, permission, place)) {
        const challenge = `error="insufficient_scope", scope="${permission}"`;
        return refuse(403, challenge, `Missing permission: ${permission}`);
      }
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      if (NO_KEYS.includes(error.code)) throw error;
      return refuse(401, 'error="invalid_token"', error.message);
    }
    await next();
  });
}

const app = new Hono();
app.get("/posts", requirePermission("posts:read"), (c) => c.json([]));
app.delete("/posts", requirePermission("delete:all"), (c) => c.body(null));

const [port, host] = [Number(env("PORT") ?? 8080), env("HOST") ?? "0.0.0.0"];
Deno.serve({ port, hostname: host }, app.fetch);
