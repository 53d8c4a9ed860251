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
 * was called for, role names, the names of claims and of metadata entries.
 */
const KEPT_KEYS: ReadonlySet<string> = new Set([
  "function",
  "event_type",
  "aggregateType",
  "version",
  "roles",
  "key",
  "name_format",
  "preferred_language",
]);

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
 * @returns The disguise. Of texts it replaces all but the harmless, of numbers
 * and booleans none; names of claims keep all but the ids in them.
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

  const text = (key: string, value: string): string => {
    if (KEPT_KEYS.has(key)) return withIds(value);
    if (value === "") return value;
    if (new RegExp(`^${ID.source}$`).test(value)) return idFor(value);
    if (TIME.test(value)) return STAND_IN_TIME;
    const name = `${key}-${hash(value).toString("hex").slice(0, 8)}`;
    if (value.includes("@")) return `${name}@example.com`;
    if (key === "value" && BASE64.test(value)) return btoa(name);
    return name;
  };
  const disguise = (key: string, value: unknown): unknown => {
    if (typeof value === "string") return text(key, value);
    if (Array.isArray(value)) return value.map((item) => disguise(key, item));
    if (typeof value !== "object" || value === null) return value;
    const entries = Object.entries(value).map(([name, item]) => {
      const shown = withIds(name);
      return [shown, disguise(shown, item)];
    });
    return Object.fromEntries(entries);
  };
  return <T>(value: T) => disguise("id", value) as T;
}
