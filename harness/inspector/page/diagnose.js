// @ts-check
/**
 * Why a token has no permissions: what is known, and where it is not known,
 * what to look at first.
 *
 * @module
 */

/**
 * @typedef {object} Diagnosis
 * @property {string} title What was seen.
 * @property {string} text What it means.
 * @property {string[]} causes What to do or look at, the likeliest first.
 */

/**
 * @typedef {object} Findings
 * @property {Record<string, unknown> | undefined} claims The access token's; `undefined` where it is opaque.
 * @property {string} claim The name of the permissions claim.
 * @property {readonly import("./sandbox.js").Exchange[]} [exchanges] The calls for this token, where they can be seen.
 */

const NOT_BOUND =
  "No target is bound to preaccesstoken. `deno task setup` binds it, `deno task doctor` shows what is bound.";
const NO_ROLES =
  "The user has no role here: no authorization (grant) for the application's project, or an inactive one.";
const NOT_ASSERTED =
  "The roles were not asked for. Switch on “Assert Roles on Authentication” in the project's settings, or ask by the scopes urn:zitadel:iam:org:project:id:<project id>:aud and urn:zitadel:iam:org:projects:roles.";
const FAILED =
  "The function failed or was too slow, and the target does not interrupt on errors, so that ZITADEL went on without it. Its log says why.";

/**
 * Explains a token whose permissions are missing or empty.
 *
 * @param {Findings} findings
 * @returns {Diagnosis | undefined} `undefined` where there are permissions.
 */
export function diagnose({ claims, claim, exchanges }) {
  if (!claims) {
    return {
      title: "This access token is opaque",
      text:
        "It is a reference without claims inside, and ZITADEL calls preaccesstoken for JWT access tokens only.",
      causes: [
        "Set the application's Auth Token Type to JWT (console: Projects, the application, Token Settings), then log in again.",
        "Or keep opaque tokens and bind the function to preuserinfo too: introspection and the userinfo endpoint then answer with the permissions.",
      ],
    };
  }
  const value = claims[claim];
  if (Array.isArray(value)) {
    return value.length > 0 ? undefined : {
      title: "The user has roles, but they grant nothing",
      text:
        `The function answered with an empty “${claim}”: the mapping has no readable entry for any of the roles.`,
      causes: [
        'Add the role as a key to the organization\'s metadata, with a JSON array such as ["posts:read"] as its value.',
        "Check whose metadata is read: the user's organization, unless METADATA_ORGANIZATION says otherwise.",
      ],
    };
  }
  if (value !== undefined) {
    return {
      title: `“${claim}” is not a list`,
      text:
        "Something else than this function put it there: another target, or an older Action.",
      causes: [
        "Name the claim differently by PERMISSIONS_CLAIM, or take the other away.",
      ],
    };
  }
  const title = `The token has no “${claim}”`;
  const call = exchanges?.find(({ condition }) =>
    condition === "function/preaccesstoken"
  );
  if (exchanges && !call) {
    return {
      title,
      text: "ZITADEL called no function for this access token.",
      causes: [NOT_BOUND],
    };
  }
  if (call && (call.error || !isSuccess(call.reply?.status))) {
    const seen = call.error ?? `status ${call.reply?.status}`;
    return {
      title,
      text: `The function gave no usable answer (${seen}).`,
      causes: [FAILED],
    };
  }
  if (call) {
    return {
      title,
      text: "ZITADEL's call named no role, so the function had nothing to add.",
      causes: [NOT_ASSERTED, NO_ROLES],
    };
  }
  return {
    title,
    text:
      "ZITADEL issued it without the function's claim. The likely causes, in the order to check them:",
    causes: [NOT_BOUND, NOT_ASSERTED, NO_ROLES, FAILED],
  };
}

/** @param {number | undefined} status */
function isSuccess(status = 0) {
  return status >= 200 && status < 300;
}
