// @ts-check
/** @import { Session } from "./session.js" */
/** @import { Settings } from "../types.ts" */

const CLOCK_TOLERANCE_MS = 5000;

/**
 * Judges a token as the checks in `examples/api/` do, in their order.
 *
 * @param {Session} session
 * @param {Settings} settings
 * @param {number} now In milliseconds since 1970.
 * @returns {{ checks: { name: string, problem: string }[], status: number, reason: string }} Empty problems are none;
 * the status is what an API answers to every call, or 200 if that depends on the permission.
 */
export function judge({ access, place, projects, question, results }, { issuer, claim }, now) {
  const claims = access.jwt?.claims;
  const { iss, exp, nbf } = claims ?? {};
  const project = projects.find(({ id }) => id === place.project)?.name || "this API's project";
  const isFor = !place.project || question.audience.includes(place.project);
  const lacking = ["exp", "sub", "client_id", "jti"].filter((name) => claims && !Object.hasOwn(claims, name));
  /** @type {[string, string | false | undefined][]} */
  const list = [
    ["kind", !claims && "It is opaque: a reference without claims, which only ZITADEL can read, by introspection"],
    ["signature", access.problem],
    ["issuer", claims && iss !== issuer && `It is from ${iss}, and this page is for ${issuer}`],
    ["audience", claims && !isFor && `It is not for ${project} (${place.project}): that is not in its aud`],
    ["expiry", claims && timeProblem(Number(exp), Number(nbf ?? 0), now)],
    [
      "kind",
      claims && "azp" in claims
        ? "It is an ID token, not an access token"
        : lacking.length > 0 && `It has no ${lacking.join(", ")}, so it is not an access token of ZITADEL`,
    ],
    [
      "claim",
      question.claim === "missing"
        ? `It has no “${claim}”`
        : question.claim === "odd" && `Its “${claim}” has another shape`,
    ],
  ];
  const checks = list
    .map(([name, problem]) => ({ name, problem: problem || "" }))
    .filter(({ name, problem }, index) => problem || (claims ? index > 0 : name === "claim"));
  const first = checks.find(({ problem }) => problem);
  const refused = results?.find((it) => it.status === 401);
  if (!first && refused) return { checks, status: 401, reason: `The example API says: ${refused.reason}` };
  const status = !first ? 200 : first.name === "claim" ? 403 : 401;
  return { checks, status, reason: first?.problem ?? "" };
}

/** @param {number} exp @param {number} nbf In seconds. @param {number} now In milliseconds. */
function timeProblem(exp, nbf, now) {
  if (exp * 1000 + CLOCK_TOLERANCE_MS <= now) return `It expired at ${new Date(exp * 1000).toLocaleString()}`;
  return nbf * 1000 - CLOCK_TOLERANCE_MS > now && `It is not valid before ${new Date(nbf * 1000).toLocaleString()}`;
}

/** Formats when a token expires. @param {number} ms Milliseconds; negative once it has expired. @returns {string} */
export function formatTimeLeft(ms) {
  if (!(ms > 0)) return "expired";
  const seconds = Math.ceil(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `expires in ${hours} h ${minutes} min`;
  return minutes > 0 ? `expires in ${minutes} min ${seconds % 60} s` : `expires in ${seconds} s`;
}
