// @ts-check

/** @type {Record<string, string>} */
const MEANINGS = {
  sub: "the user",
  aud: "for: applications and projects",
  exp: "valid until",
  nbf: "not valid before",
  iat: "issued",
  auth_time: "logged in",
  updated_at: "profile changed",
  client_id: "the application that asked",
  azp: "the application that asked",
  amr: "how the user proved who they are",
  at_hash: "of the access token",
};

const TIMES = ["exp", "nbf", "iat", "auth_time", "updated_at"];

/**
 * Describes a claim; empty if the page does not know it.
 *
 * @param {string} name
 * @param {unknown} value
 * @param {string} permissionsClaim
 */
export function describeClaim(name, value, permissionsClaim) {
  if (name === permissionsClaim) return "added by the function";
  if (/^urn:zitadel:iam:org:project:.*roles$/.test(name)) return "ZITADEL's own roles claim";
  const meaning = Object.hasOwn(MEANINGS, name) ? `${MEANINGS[name]}` : "";
  return TIMES.includes(name) && typeof value === "number"
    ? `${meaning} ${new Date(value * 1000).toLocaleString()}`
    : meaning;
}
