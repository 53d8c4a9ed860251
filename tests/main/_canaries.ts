/**
 * The word that stands for what must never leave the function.
 *
 * @module
 */

/** In every value that must go nowhere: as it is, in base64, also of the key file, and in hex. */
export const CANARY = /canary|Y2FuYXJ5|jYW5hcnk|63616e617279/i;

/**
 * The fields that the function works with. Every other one gets a canary, by
 * name or not: what ZITADEL adds some day is covered too.
 */
const WORKED_WITH = new Set([
  "function",
  "event_type",
  "org.id",
  "user.resource_owner",
  "user_grants.project_id",
  "user_grants.resource_owner",
  "user_grants.roles",
  "user_grants.state",
]);

/** What callers and proxies send beside the signature. */
export const HEADERS = {
  authorization: "Bearer canary-authorization",
  cookie: "session=canary-cookie",
  "user-agent": "canary-agent",
  "x-forwarded-for": "canary-address",
  "x-canary-header": "canary-header",
};

/** Puts a canary into every text of a payload that is not worked with. */
export function withCanaries(value: unknown, path = ""): unknown {
  if (WORKED_WITH.has(path)) return value;
  if (typeof value === "string") return `canary-${path}`;
  if (Array.isArray(value)) {
    return value.map((item) => withCanaries(item, path));
  }
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      withCanaries(item, path ? `${path}.${key}` : key),
    ]),
  );
}
