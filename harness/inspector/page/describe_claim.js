// @ts-check

const MEANINGS = new Map(
  Object.entries({
    iss: "who issued it",
    sub: "the user",
    aud: "for: applications and projects",
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
  }),
);

const TIMES = new Set(["exp", "nbf", "iat", "auth_time", "updated_at"]);

/**
 * Describes a claim.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {string} permissionsClaim
 * @returns {string} Empty if the page does not know it.
 */
export function describeClaim(name, value, permissionsClaim) {
  if (name === permissionsClaim) return "added by the function";
  if (/^urn:zitadel:iam:org:project:.*roles$/.test(name)) {
    return "ZITADEL's own roles claim";
  }
  const meaning = MEANINGS.get(name) ?? "";
  if (!TIMES.has(name) || typeof value !== "number") return meaning;
  return `${meaning} ${new Date(value * 1000).toLocaleString()}`;
}
