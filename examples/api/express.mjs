/**
 * An API that checks the permissions in ZITADEL's access tokens, with Express:
 * `npm install express cors jose`
 * `ISSUER=https://... AUDIENCE=<project id> APPLICATIONS=<client ids> node express.mjs`
 */
import cors from "cors";
import express from "express";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const env = (name) => process.env[name] || undefined;
const list = (name) => env(name)?.split(",").map((it) => it.trim());
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

async function verifyAccessToken(token) {
  if (token.split(".").length !== 3) throw new errors.JWTInvalid(OPAQUE);
  const { payload } = await jwtVerify(token, keys, rules);
  // An ID token has the same key, `typ` and audience, but also `azp`.
  if ("azp" in payload) throw new errors.JWTInvalid("Not an access token");
  // Any application of the instance can request this audience.
  if (applications?.includes(payload.client_id) === false) {
    throw new errors.JWTInvalid(`Not listed: client_id ${payload.client_id}`);
  }
  return payload;
}

/** Looks only where the caller says: a named project must be in the claim. */
function hasPermission(claims, permission, { project, organization }) {
  const path = [claim, organization, project].filter((it) => it !== undefined);
  let value = claims;
  for (const key of path) {
    if (!Object.hasOwn(Object(value), key)) return false;
    value = value[key];
  }
  const isText = typeof value === "string" && path.length === 1;
  const all = isText ? value.split(" ") : value;
  return permission !== "" && Array.isArray(all) && all.includes(permission);
}

function requirePermission(permission) {
  return async (req, res, next) => {
    const refuse = (status, challenge, message) => {
      res.set("WWW-Authenticate", `Bearer ${challenge}`);
      res.status(status).json({ message });
    };
    const [, token] = /^Bearer +(\S+)$/i.exec(req.get("Authorization")) ?? [];
    if (!token) return refuse(401, 'realm="api"', "No bearer token");
    try {
      const claims = await verifyAccessToken(token);
      if (!hasPermission(claims, permission, place)) {
        const challenge = `error="insufficient_scope", scope="${permission}"`;
        return refuse(403, challenge, `Missing permission: ${permission}`);
      }
    } catch (error) {
      if (error instanceof errors.JOSEError && !NO_KEYS.includes(error.code)) {
        return refuse(401, 'error="invalid_token"', error.message);
      }
      console.error(`Cannot fetch the keys of ${issuers[0]}: ${error.message}`);
      res.status(503).set("Retry-After", "5");
      return res.json({ message: "Cannot check tokens now" });
    }
    next();
  };
}

const app = express();
app.set("env", "production"); // or Express sends callers the stack of an error
if (env("CORS_ORIGIN")) app.use(cors({ origin: list("CORS_ORIGIN") }));
app.get("/posts", requirePermission("posts:read"), (_, res) => res.json([]));
app.delete("/posts", requirePermission("delete:all"), (_, res) => res.end());

const [port, host] = [Number(env("PORT") ?? 8080), env("HOST") ?? "0.0.0.0"];
app.listen(port, host, (error) => {
  if (error) throw error;
  const whose = applications ?? "every application of the instance";
  console.log(`Listening on http://${host}:${port}/ for tokens of ${whose}`);
});
