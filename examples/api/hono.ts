/**
 * An API that checks the permissions in ZITADEL's access tokens, with Hono:
 * `deno add npm:hono npm:jose`
 * `ISSUER=https://... AUDIENCE=<project id> APPLICATIONS=<client ids> deno run --allow-net --allow-env hono.ts`
 */
import { Hono } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";

const env = (name: string) => Deno.env.get(name) || undefined;
const list = (name: string) => env(name)?.split(",").map((it) => it.trim());
const issuers = list("ISSUER")?.map((it) => new URL(it).origin);
const audience = env("AUDIENCE");
if (!issuers || !audience) throw new Error("Set ISSUER and AUDIENCE");
// Client ids, and names of service users; unset: every one of the instance.
const applications = list("APPLICATIONS");
const claim = env("CLAIM") ?? "permissions";
// Name both for by_organization, PROJECT for by_project, else neither.
const place = { project: env("PROJECT"), organization: env("ORGANIZATION") };

const keys = createRemoteJWKSet(new URL("/oauth/v2/keys", issuers[0]));
const rules = {
  issuer: issuers,
  audience,
  algorithms: ["RS256"], // ZITADEL's default; add your web key's if it differs
  requiredClaims: ["exp", "sub", "client_id", "jti"],
  clockTolerance: 5, // seconds
};
/** Errors of fetching the keys; they say nothing about the token. */
const NO_KEYS = ["ERR_JOSE_GENERIC", "ERR_JWKS_TIMEOUT", "ERR_JWKS_INVALID"];
const OPAQUE = "An opaque token: set the application's token type to JWT";

async function verifyAccessToken(token: string): Promise<JWTPayload> {
  if (token.split(".").length !== 3) throw new errors.JWTInvalid(OPAQUE);
  const { payload } = await jwtVerify(token, keys, rules);
  // An ID token has the same key, `typ` and audience, but also `azp`.
  if ("azp" in payload) throw new errors.JWTInvalid("Not an access token");
  // Any application of the instance can request this audience.
  if (applications?.includes(String(payload["client_id"])) === false) {
    throw new errors.JWTInvalid(
      `Not listed: client_id ${payload["client_id"]}`,
    );
  }
  return payload;
}

/** Looks only where the settings say: a named project must be in the claim. */
function hasPermission(claims: JWTPayload, permission: string): boolean {
  const path = [claim, place.organization, place.project]
    .filter((it) => it !== undefined);
  let value: unknown = claims;
  for (const key of path) {
    if (!Object.hasOwn(Object(value), key)) return false;
    value = (value as Record<string, unknown>)[key];
  }
  const isText = typeof value === "string" && path.length === 1;
  const all = isText ? String(value).split(" ") : value;
  return permission !== "" && Array.isArray(all) && all.includes(permission);
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
      if (!hasPermission(await verifyAccessToken(token), permission)) {
        const challenge = `error="insufficient_scope", scope="${permission}"`;
        return refuse(403, challenge, `Missing permission: ${permission}`);
      }
    } catch (error) {
      if (error instanceof errors.JOSEError && !NO_KEYS.includes(error.code)) {
        return refuse(401, 'error="invalid_token"', error.message);
      }
      console.error(`Cannot fetch the keys of ${issuers![0]}:`, error);
      c.header("Retry-After", "5");
      return c.json({ message: "Cannot check tokens now" }, 503);
    }
    await next();
  });
}

const app = new Hono();
if (env("CORS_ORIGIN")) app.use(cors({ origin: list("CORS_ORIGIN")! }));
app.get("/posts", requirePermission("posts:read"), (c) => c.json([]));
app.delete("/posts", requirePermission("delete:all"), (c) => c.body(null));

const [port, host] = [Number(env("PORT") ?? 8080), env("HOST") ?? "0.0.0.0"];
console.log(`For tokens of ${applications ?? "every application"}`);
Deno.serve({ port, hostname: host }, app.fetch);
