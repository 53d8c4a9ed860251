/**
 * What is wrong with a metadata value that the function cannot read, and what was
 * probably meant: for people, never for a decision. `parsePermissions()` decides.
 *
 * @module
 */
import {
  BASE64,
  decodeBase64,
  decodeUtf8,
  isStringArray,
  JSON_BEGIN,
  latin1,
  MAX_VALUE_BYTES,
  MAX_VALUE_PERMISSIONS,
  parseJson,
  parsePermissions,
} from "../../lib/mapping/permission_value.ts";

/** How often a text is unwrapped: each time costs as much as reading the value. */
const MAX_UNWRAPPED = 2;

/** Printable ASCII: short names such as `edit` are base64 of other bytes by chance. */
const PRINTABLE = /^[ -~]+$/;

/** Control characters that no text has. */
const NOT_LATIN1_TEXT = /[^\P{Cc}\t\r\n]/u;

/** Reports what is wrong with a value, in one sentence that does not quote it; `undefined` if it can be read. */
export function problemOf(value: Uint8Array | undefined): string | undefined {
  if (value === undefined || value.length > MAX_VALUE_BYTES) {
    return `The value is longer than ${MAX_VALUE_BYTES} bytes`;
  }
  if (parsePermissions(value)) return undefined;
  const text = decodeUtf8(value);
  if (text === undefined) {
    // Old consoles stored umlauts as Latin-1.
    return latin1TextOf(value) === undefined
      ? "The value is not UTF-8"
      : "The value is not UTF-8: it looks like Latin-1 text";
  }
  if (text === "") return "The value is empty";
  const json = parseJson(text);
  if (json === undefined) return problemOfPlainText(text);
  if (typeof json === "string") {
    const isEncoded = unwrap(text) !== undefined;
    return isEncoded ? encodedIn("a JSON string") : problemOfNames([json]);
  }
  if (isStringArray(json)) return problemOfNames(json);
  const kind = json === null ? "null" : typeof json;
  return Array.isArray(json)
    ? "The JSON array holds something that is not a string"
    : `The value is JSON (${kind}), but not an array of strings`;
}

/**
 * Works out what an unreadable value was meant to grant: one that is encoded
 * once too often, or that is Latin-1 instead of UTF-8. `undefined` if it is
 * readable as it is, or if no one can tell.
 */
export function intendedPermissions(
  value: Uint8Array | undefined,
): readonly string[] | undefined {
  if (problemOf(value) === undefined) return undefined;
  const text = value && (decodeUtf8(value) ?? latin1TextOf(value));
  return text ? readUnwrapped(text) : undefined;
}

/**
 * Reports whether a value is a list of permissions for certain: a JSON array of
 * strings, or base64 of one. Any short text could be plain names.
 */
export function isPermissionList(value: Uint8Array): boolean {
  const permissions = parsePermissions(value);
  const text = decodeUtf8(value) ?? "";
  return permissions !== undefined && permissions[0] !== text &&
    [text, unwrap(text)].some((it) => it?.startsWith("["));
}

function latin1TextOf(value: Uint8Array): string | undefined {
  const text = latin1.decode(value).trim();
  return NOT_LATIN1_TEXT.test(text) ? undefined : text;
}

/** Returns what is in a JSON string that holds more than a name, or what a text is base64 of. */
function unwrap(text: string): string | undefined {
  const json = parseJson(text);
  if (typeof json !== "string") {
    const bytes = decodeBase64(text);
    return bytes && decodeUtf8(bytes);
  }
  const inner = json.trim();
  const isName = parseJson(inner) === undefined && !decodeBase64(inner);
  return isName ? undefined : inner;
}

/** Reads a text as it is, or else what is wrapped in it. */
function readUnwrapped(
  text: string,
  unwrapped = 0,
): readonly string[] | undefined {
  const permissions = parsePermissions(new TextEncoder().encode(text));
  if (permissions || unwrapped === MAX_UNWRAPPED) {
    // A name that is base64 of text is still encoded.
    const isEncoded = permissions?.[0] === text &&
      PRINTABLE.test(unwrap(text) ?? "");
    return isEncoded ? undefined : permissions;
  }
  const inner = unwrap(text);
  return inner === undefined ? undefined : readUnwrapped(inner, unwrapped + 1);
}

/** Base64 that cannot be read as names is of JSON, or encoded once too often. */
function problemOfPlainText(text: string): string {
  const bytes = decodeBase64(text);
  if (bytes) {
    return JSON_BEGIN.test(latin1.decode(bytes)) && !readUnwrapped(text)
      ? "The value is base64, but not of a JSON array of strings"
      : encodedIn(BASE64.test(text) ? "base64" : "base64url");
  }
  return text.split(",").length > MAX_VALUE_PERMISSIONS
    ? TOO_MANY
    : "The value is neither a JSON array of strings nor plain names separated by commas";
}

const TOO_MANY = `The value has more than ${MAX_VALUE_PERMISSIONS} permissions`;

function encodedIn(wrapping: string): string {
  return `The value is encoded once too often: in ${wrapping}`;
}

function problemOfNames(names: readonly string[]): string {
  if (names.length > MAX_VALUE_PERMISSIONS) return TOO_MANY;
  return names.includes("")
    ? "The value has an empty permission"
    : "The value has a permission with a control character";
}
