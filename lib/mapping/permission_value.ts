/**
 * The longest value that is read, in bytes: far more permissions than fit into
 * a token. Metadata serves other purposes too, and may be large.
 */
export const MAX_VALUE_BYTES = 100_000;

/** The most permissions that a value names, repetitions included: far more than fit into a token. */
export const MAX_VALUE_PERMISSIONS = 5_000;

/** How often a value is unwrapped before whatever is left counts as encoded. */
const MAX_DEPTH = 2;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** The Encoding Standard reads Latin-1 as windows-1252, which has more letters. */
export const latin1 = new TextDecoder("latin1");

/** A plain name: no white space, quotes, brackets or control characters inside. */
export const PLAIN_NAME = /^[^\s"'`()[\]{}<>\p{Cc}]+$/u;

export const CONTROL_CHARACTER = /\p{Cc}/u;

export const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const BASE64_URL = /^[\w-]+={0,2}$/;

/** How canonical base64 ends, by its length modulo 4: unused bits are zero. */
const CANONICAL_END = [/./, /(?!)/, /[AQgw]$/, /[AEIMQUYcgkosw048]$/] as const;

/** Most names are not JSON, and an exception takes longer than all else. */
const CAN_BE_JSON =
  /^(?:\[[^]*\]|\{[^]*\}|"[^]*"|-?\d[\d.eE+-]*|true|false|null)$/;

/** How JSON arrays and objects begin. A name decodes to that only by rare chance. */
export const JSON_BEGIN = /^\s*[[{]\s*["[\]{}\d-]/;

/**
 * Reads the value of one metadata entry: the permissions that a role grants. The
 * first form that fits counts:
 *
 * 1. a JSON array of strings, as in ZITADEL's guide;
 * 2. a JSON string, one permission;
 * 3. base64 of a JSON array of strings, as some provisioning tools store it;
 * 4. plain names separated by commas, as the public reference worker takes too.
 *
 * Tools and scripts also store what is encoded once more. That grants nothing:
 * as a name it would be one that no one meant.
 *
 * @param value As stored; `undefined` if it is longer than {@linkcode MAX_VALUE_BYTES} and was not read.
 * @returns The permissions without repetitions; `undefined` if the value cannot be read.
 */
export function parsePermissions(
  value: Uint8Array | undefined,
): readonly string[] | undefined {
  if (value === undefined || value.length > MAX_VALUE_BYTES) return undefined;
  const text = decodeUtf8(value);
  if (!text) return undefined;
  const json = parseJson(text);
  if (typeof json === "string") {
    return isEncoded(json.trim(), 1) ? undefined : granted([json]);
  }
  if (json !== undefined) {
    return isStringArray(json) ? granted(json) : undefined;
  }
  const array = arrayInBase64(text);
  if (array) return granted(array);
  return isEncodedInBase64(text) ? undefined : granted(splitNames(text));
}

/** Splits plain names; of more than a value may name, one too many is returned. */
function splitNames(text: string): readonly string[] | undefined {
  const parts = text.split(",", MAX_VALUE_PERMISSIONS + 1);
  const names = [...new Set(parts)].map((name) => name.trim()).filter(Boolean);
  if (names.length === 0 || !names.every((name) => PLAIN_NAME.test(name))) {
    return undefined;
  }
  return parts.length > MAX_VALUE_PERMISSIONS ? parts : names;
}

/** Repetitions are dropped first: they cost nothing in memory, and must cost little time. */
function granted(
  names: readonly string[] | undefined,
): readonly string[] | undefined {
  if (!names || names.length > MAX_VALUE_PERMISSIONS) return undefined;
  const distinct = [...new Set(names)];
  const isGood = distinct.every((name) =>
    name !== "" && !CONTROL_CHARACTER.test(name)
  );
  return isGood ? distinct : undefined;
}

/** Reports whether a text inside a JSON string or base64 is more than a name. */
function isEncoded(text: string, depth: number): boolean {
  const json = parseJson(text);
  if (typeof json === "string") return true;
  if (json !== undefined) return typeof json === "object" && json !== null;
  return isEncodedInBase64(text, depth);
}

/** Returns the array of strings that a text is base64 of. */
function arrayInBase64(text: string): readonly string[] | undefined {
  const bytes = BASE64.test(text) ? decodeBase64(text) : undefined;
  const json = bytes && parseJson(decodeUtf8(bytes) ?? "");
  if (!isStringArray(json)) return undefined;
  // `W10`, which is `[]` without its padding, can be a name.
  return json.length === 0 && text.length % 4 !== 0 ? undefined : json;
}

/** Reports whether a text is base64 or base64url of something, and no name. */
function isEncodedInBase64(text: string, depth = 0): boolean {
  const bytes = decodeBase64(text);
  if (!bytes) return false;
  const inner = decodeUtf8(bytes);
  if (inner === undefined) return JSON_BEGIN.test(latin1.decode(bytes));
  // No name decodes to text three times.
  if (depth === MAX_DEPTH && inner) return true;
  if (isEncoded(inner, depth + 1)) {
    return inner !== "[]" || text.length % 4 === 0;
  }
  const isName = parseJson(inner) !== undefined || splitNames(inner);
  // Short words such as `edit` decode to something by chance.
  return isName
    ? text.endsWith("=") || /[:,]/.test(inner)
    : JSON_BEGIN.test(inner);
}

export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes).trim();
  } catch {
    return undefined;
  }
}

/** Decodes canonical base64 or base64url, with or without its padding. */
export function decodeBase64(text: string): Uint8Array | undefined {
  const isUrl = !BASE64.test(text);
  if (isUrl && !BASE64_URL.test(text)) return undefined;
  const unpadded = text.replace(/=+$/, "");
  const padded = unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, "=");
  if (text !== unpadded && text !== padded) return undefined;
  if (!CANONICAL_END[unpadded.length % 4]!.test(unpadded)) return undefined;
  const alphabet = isUrl ? "base64url" : "base64";
  return Uint8Array.fromBase64(padded, { alphabet });
}

export function parseJson(text: string): unknown {
  if (!CAN_BE_JSON.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) &&
    value.every((item) => typeof item === "string");
}
