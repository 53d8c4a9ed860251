/**
 * Replaces what may be about people in a payload, before anything is kept.
 * Only what is known to be harmless stays; whatever a later release adds is
 * replaced too.
 *
 * @module
 */

/** Makes of a payload one that has the same shape and is about nobody. */
export type Disguise = <T>(value: T) => T;

/**
 * Texts that say nothing about anybody, and on which the reply depends: what
 * was called for, and role names.
 */
const KEPT_TEXTS: ReadonlySet<string> = new Set([
  "function",
  "event_type",
  "aggregateType",
  "version",
  "roles",
  "name_format",
  "preferred_language",
]);

/** Numbers that say no more than what state a thing is in, and when it was made. */
const KEPT_NUMBERS: ReadonlySet<string> = new Set([
  "state",
  "sequence",
  "iat",
  "exp",
  "nbf",
  "auth_time",
]);

/** The fields that ZITADEL sends; names of others may be anybody's. */
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

/** The claims of ZITADEL's own, after the ids in them have been replaced. */
const OWN_CLAIM =
  /^urn:zitadel:iam:(org:project(:[0-9]+)?:roles|user:metadata|user:resourceowner:(id|name|primary_domain)|org:(id|domain:primary)|action:function\/[a-z]+:log)$/;
const ROLES_CLAIM = /^urn:zitadel:iam:org:project(:[0-9]+)?:roles$/;

/** An id of ZITADEL's: also in the middle of claim names and scopes. */
const ID = /[0-9]{15,20}/g;
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)$/;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const STAND_IN_TIME = "2020-01-01T00:00:00Z";

/**
 * Makes a disguise. One text always becomes the same other text, so that what
 * belongs together still does, in other recordings too; without the secret
 * nobody can tell from which.
 *
 * @param secret What the stand-ins depend on.
 * @returns The disguise. It replaces all but the harmless: texts, numbers,
 * booleans, and the names of fields that are not ZITADEL's.
 *
 * @example
 * ```ts
 * const disguise = await createDisguise("secret");
 * disguise({ roles: ["admin"], email: "alice@acme.com" });
 * // { roles: ["admin"], email: "email-3f1c9a07@example.com" }
 * ```
 */
export async function createDisguise(secret: string): Promise<Disguise> {
  // A hash for which no promise is needed at every text.
  const { createHmac } = await import("node:crypto");
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
    if (TIME.test(value)) return STAND_IN_TIME;
    const name = `${key}-${short(value)}`;
    if (value.includes("@")) return `${name}@example.com`;
    if (key === "value" && BASE64.test(value)) return btoa(name);
    return name;
  };
  /** `within` is the field that the name is in: a claim of roles has their names. */
  const field = (name: string, within: string): string => {
    const shown = withIds(name);
    if (isId.test(name) || FIELDS.has(name) || OWN_CLAIM.test(shown)) {
      return shown;
    }
    return ROLES_CLAIM.test(within)
      ? text("roles", name)
      : `name-${short(name)}`;
  };
  const disguise = (
    key: string,
    value: unknown,
    within: string,
  ): unknown => {
    if (typeof value === "string") {
      // The names of claims count for the reply, those of a user's metadata not.
      const isClaim = key === "key" && within === "append_claims";
      return text(isClaim ? "roles" : key, value);
    }
    if (typeof value === "number") return KEPT_NUMBERS.has(key) ? value : 0;
    if (typeof value === "boolean") return false;
    if (Array.isArray(value)) {
      return value.map((item) => disguise(key, item, within));
    }
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([name, item]) => {
      const shown = field(name, key);
      return [shown, disguise(shown, item, key)];
    });
    return Object.fromEntries(entries);
  };
  return <T>(value: T) => disguise("id", value, "") as T;
}
