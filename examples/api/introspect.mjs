/**
 * An API that asks ZITADEL about each token, opaque and personal ones too. Bind
 * the function to `preuserinfo`; create an API application in the project:
 * `npm install express cors`
 * `ISSUER=https://... AUDIENCE=<project id> CLIENT_ID=... CLIENT_SECRET=... APPLICATIONS=<client ids> node introspect.mjs`
 */
import cors from "cors";
import express from "express";

const env = (name) => process.env[name] || undefined;
const list = (name) => env(name)?.split(",").map((it) => it.trim());
const needed = ["ISSUER", "AUDIENCE", "CLIENT_ID", "CLIENT_SECRET"];
if (!needed.every(env)) throw new Error(`Set ${needed.join(", ")}`);
const [issuer, audience, id, secret] = needed.map(env);
// Client ids, and names of service users; unset: every one of the instance.
const applications = list("APPLICATIONS");
const claim = env("CLAIM") ?? "permissions";
// Name both for by_organization, PROJECT for by_project, else neither.
const path = [claim, env("ORGANIZATION"), env("PROJECT")].filter(Boolean);

const endpoint = new URL("/oauth/v2/introspect", issuer);
const credential = [id, secret].map(encodeURIComponent).join(":");

/** Asks about a token. An error says nothing about the token. */
async function introspect(token) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(credential)}` },
    body: new URLSearchParams({ token }),
    redirect: "error",
    signal: AbortSignal.timeout(5_000),
  });
  const claims = await response.json();
  if (typeof claims?.active === "boolean") return claims;
  throw new Error(`status ${response.status}, ${claims?.error}`);
}

/** Returns why a token is refused, if it is. */
function refusal(claims) {
  if (!claims.active) return "Not an active access token for this API";
  if (![claims.aud].flat().includes(audience)) return "Not for this API: aud";
  // Any application can request this audience. A personal token names none.
  const client = claims.client_id ?? claims.username;
  if (applications?.includes(client) === false) return "Not listed: client_id";
}

/** Looks only where the settings say: a named project must be in the claim. */
function hasPermission(claims, permission) {
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
      const claims = await introspect(token);
      const why = refusal(claims);
      if (why) return refuse(401, 'error="invalid_token"', why);
      if (!hasPermission(claims, permission)) {
        const challenge = `error="insufficient_scope", scope="${permission}"`;
        return refuse(403, challenge, `Missing permission: ${permission}`);
      }
    } catch (error) {
      console.error(`Cannot introspect at ${endpoint}: ${error.message}`);
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
