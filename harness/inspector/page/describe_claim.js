// @ts-check

const MEANINGS = new Map(Object.entries({
  iss: "who issued it",
  sub: "the user",
  aud: "whom it is for: applications and projects",
  exp: "valid until",
  nbf: "not valid before",
  iat: "issued",
  auth_time: "logged in",
  updated_at: "profile changed",
  jti: "the token's own id",
  client_id: "the application that asked",
  azp: "the application that asked",
  amr: "how the user proved who they are",
  nonce: "checked: the one this page sent",
  at_hash: "ties it to the access token",
  sid: "the session",
}));

const TIMES = new Set(["exp", "nbf", "iat", "auth_time", "updated_at"]);

/**
 * Says what a claim means.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {string} permissionsClaim
 * @returns {string} Empty where nothing is known.
 */
export function describeClaim(name, value, permissionsClaim) {
  if (name === permissionsClaim) return "appended by the function";
  if (/^urn:zitadel:iam:org:project:.*roles$/.test(name)) {
    return "ZITADEL's own roles claim";
  }
  const meaning = MEANINGS.get(name) ?? "";
  if (!TIMES.has(name) || typeof value !== "number") return meaning;
  return `${meaning} ${new Date(value * 1000).toLocaleString()}`;
}

/**
 * Formats how long a token lives still.
 *
 * @param {number} ms Milliseconds; negative once it has expired.
 * @returns {string}
 */
export function formatTimeLeft(ms) {
  if (ms <= 0) return "expired";
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), seconds / 60 % 60 | 0];
  const pad = (/** @type {number} */ number) => String(number).padStart(2, "0");
  return hours > 0
    ? `${hours} h ${pad(minutes)} min left`
    : `${minutes}:${pad(seconds % 60)} min left`;
}
