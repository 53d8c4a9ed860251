/**
 * Replaces everything in a payload that may be about a person by pseudonyms,
 * before anything is stored. Only what is known to be harmless stays, so fields
 * that a later release adds are replaced too.
 *
 * @module
 */

import { createHmac } from "node:crypto";

/**
 * Returns a value of the same shape, with pseudonyms for everything personal.
 */
export type Pseudonymize = <T>(value: T) => T;

/** Texts that are about no one and that the reply depends on. */
const KEPT_TEXTS: ReadonlySet<string> = new Set([
  "function",
  "event_type",
  "aggregateType",
  "version",
  "roles",
  "name_format",
  "preferred_language",
]);

/** Numbers that are no more than a state, a count or a time. */
const KEPT_NUMBERS: ReadonlySet<string> = new Set([
  "state",
  "sequence",
  "iat",
  "exp",
  "nbf",
  "auth_time",
]);

/** The names of fields that ZITADEL sends; others may name a person. */
const FIELDS: ReadonlySet<string> = new Set(
  `function response append_claims append_log_claims append_attribute key value
  name name_format user id creation_date change_date created_at updated_at
  resource_owner sequence state user_type username login_names
  preferred_login_name human machine first_name last_name nick_name display_name
  avatar_key preferred_language gender email is_email_verified email_verified
  phone is_phone_verified password_change_required password_changed
  mfa_init_skipped description access_token_type secret user_metadata
  user_grants grant_id project_id project_name project_grant_id roles group
  user_grant_resource_owner user_grant_resource_owner_name user_id
  user_resource_owner user_resource_owner_name user_resource_owner_domain
  project_resource_owner org org_id org_name org_primary_domain name
  primary_domain application client_id grant_type scope userinfo claims aud iss
  sub sid azp iat exp nbf jti auth_time amr nonce acr act active at_hash
  token_type given_name family_name middle_name nickname profile picture website
  gender birthdate zoneinfo locale address phone_number phone_number_verified
  preferred_username aggregateID aggregateType resourceOwner instanceID version
  event_type userID event_payload`.split(/\s+/),
);

/** ZITADEL's own claims, after the ids in them are replaced. */
const OWN_CLAIM =
  /^urn:zitadel:iam:(org:project(:[0-9]+)?:roles|user:metadata|user:resourceowner:(id|name|primary_domain)|org:(id|domain:primary)|action:function\/[a-z]+:log)$/;
const ROLES_CLAIM = /^urn:zitadel:iam:org:project(:[0-9]+)?:roles$/;

/** One of ZITADEL's ids; they occur within claim names and scopes too. */
const ID = /[0-9]{15,20}/g;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const PSEUDONYM_TIME = "2020-01-01T00:00:00Z";

/**
 * Creates a function that replaces texts, numbers, booleans and names of unknown
 * fields by pseudonyms. Equal texts get equal pseudonyms, in other recordings
 * too, so that references still match. Without the secret a pseudonym cannot be
 * traced back.
 *
 * @example
 * ```ts
 * const pseudonymize = createPseudonymizer("secret");
 * pseudonymize({ roles: ["admin"], email: "alice@acme.com" });
 * // { roles: ["admin"], email: "email-3f1c9a07@example.com" }
 * ```
 */
export function createPseudonymizer(secret: string): Pseudonymize {
  const hash = (text: string) =>
    createHmac("sha256", secret).update(text).digest();
  const idFor = (id: string) =>
    String(hash(id).readBigUInt64BE()).padStart(20, "7").slice(-id.length)
      .replace(/^0/, "7");
  const withIds = (text: string) => text.replace(ID, idFor);

  const short = (text: string) => hash(text).toString("hex").slice(0, 8);
  const isId = new RegExp(`^${ID.source}$`);

  const text = (key: string, value: string): string => {
    const isHarmless = KEPT_TEXTS.has(key) && !value.includes("@");
    if (isHarmless) return withIds(value);
    if (value === "") return value;
    if (isId.test(value)) return idFor(value);
    if (TIME.test(value)) return PSEUDONYM_TIME;
    const name = `${key}-${short(value)}`;
    if (value.includes("@")) return `${name}@example.com`;
    if (key === "value" && BASE64.test(value)) return btoa(name);
    return name;
  };
  /**
   * `within` is the field that holds the name: in a roles claim, names are roles.
   */
  const field = (name: string, within: string): string => {
    const shown = withIds(name);
    if (isId.test(name) || FIELDS.has(name) || OWN_CLAIM.test(shown)) {
      return shown;
    }
    return ROLES_CLAIM.test(within)
      ? text("roles", name)
      : `name-${short(name)}`;
  };
  const replace = (
    key: string,
    value: unknown,
    within: string,
  ): unknown => {
    if (typeof value === "string") {
      // The reply depends on names of claims, but not on a user's metadata.
      const isClaim = key === "key" && within === "append_claims";
      return text(isClaim ? "roles" : key, value);
    }
    if (typeof value === "number") return KEPT_NUMBERS.has(key) ? value : 0;
    if (typeof value === "boolean") return false;
    if (Array.isArray(value)) {
      return value.map((item) => replace(key, item, within));
    }
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([name, item]) => {
      const shown = field(name, key);
      return [shown, replace(shown, item, key)];
    });
    return Object.fromEntries(entries);
  };
  return <T>(value: T) => replace("id", value, "") as T;
}
