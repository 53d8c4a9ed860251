/**
 * The value of a metadata entry: the permissions that a role grants, in one of
 * four forms. Tools and scripts also store values that are encoded once too
 * often; such a value grants nothing, and its problem names the cause.
 *
 * @module
 */

/**
 * The longest value that is read, in bytes: far more permissions than fit into
 * a token. Metadata serves other purposes too, and may be large.
 */
export const MAX_VALUE_BYTES = 100_000;

/** The most permissions that a value names, repetitions included: far more than fit into a token. */
export const MAX_VALUE_PERMISSIONS = 5_000;

/**
 * How often a text is unwrapped: once as a form has it, and once to tell what
 * is encoded once too often. Each time costs as much as reading the value.
 */
const MAX_UNWRAPPED = 2;

const utf8 = new TextDecoder("utf-8", { fatal: true });
/** The Encoding Standard reads Latin-1 as windows-1252, which has more letters. */
const latin1 = new TextDecoder("latin1");

/** A plain name: no white space, quotes, brackets or control characters inside. */
const PLAIN_NAME = /^[^\s"'`()[\]{}<>\p{Cc}]+$/u;

const CONTROL_CHARACTER = /\p{Cc}/u;

/** Control characters that no text has. */
const NOT_LATIN1_TEXT = /[^\P{Cc}\t\r\n]/u;

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** How JSON arrays and objects begin. A name decodes to that only by rare chance. */
const JSON_BEGIN = /^\s*[[{]\s*["[\]{}\d-]/;

/** What a text is, as far as it has a form. */
type Form =
  | "a JSON array"
  | "a JSON object"
  | "a JSON string"
  | "plain names"
  | "encoded text";

/** What a text says. */
interface Interpretation {
  /** The permissions; absent if there is a problem. */
  readonly permissions?: readonly string[];
  /** What is wrong, in one sentence that does not quote the text. */
  readonly problem?: string;
  /** What the text was meant to say, if that can be told despite the problem. */
  readonly intended?: readonly string[] | undefined;
  /** The form, with its wrappings: `base64 of a JSON array`. Absent if there is none. */
  readonly form?: Form | `${string} of ${string}`;
}

/** What base64 says that is of broken JSON, an object, or an array of other things than strings. */
const BASE64_OF_OTHER_JSON: Interpretation = {
  form: "base64 of JSON",
  problem: "The value is base64, but not of a JSON array of strings",
};

/**
 * Reads the value of one entry. The first form that fits counts:
 *
 * 1. a JSON array of strings, as in ZITADEL's guide;
 * 2. a JSON string, one permission;
 * 3. base64 of a JSON array of strings, as some provisioning tools store it;
 * 4. plain names separated by commas, as the public reference worker takes too.
 *
 * @param value The value as stored, in UTF-8; `undefined` if it is longer than {@linkcode MAX_VALUE_BYTES} and was not read.
 * @returns The permissions without repetitions, or one sentence about what is wrong that does not quote the value.
 */
export function parsePermissions(
  value: Uint8Array | undefined,
): readonly string[] | string {
  const { permissions, problem } = interpretValue(value);
  return permissions ?? problem!;
}

/**
 * Works out what an unreadable value was meant to grant: one that is encoded
 * once too often, or that is Latin-1 instead of UTF-8.
 *
 * @param value The value as stored.
 * @returns The permissions it should grant, or `undefined` if it is readable as it is, or if no one can tell.
 */
export function intendedPermissions(
  value: Uint8Array | undefined,
): readonly string[] | undefined {
  return interpretValue(value).intended;
}

function interpretValue(value: Uint8Array | undefined): Interpretation {
  if (value === undefined || value.length > MAX_VALUE_BYTES) {
    return { problem: `The value is longer than ${MAX_VALUE_BYTES} bytes` };
  }
  const text = decodeUtf8(value);
  if (text === undefined) return describeForeignBytes(value);
  return text === "" ? { problem: "The value is empty" } : interpret(text);
}

/** What is still encoded after {@linkcode MAX_UNWRAPPED} times. */
const ENCODED_TOO_OFTEN: Interpretation = {
  form: "encoded text",
  problem: "The value is encoded more than once too often",
};

/**
 * Interprets a text that has no white space at its ends.
 *
 * @param text The text.
 * @param unwrapped How often the value was unwrapped to get it.
 * @returns What it says.
 */
function interpret(text: string, unwrapped = 0): Interpretation {
  const json = parseJson(text);
  if (json === undefined) {
    return interpretBase64(text, unwrapped) ?? interpretNames(text);
  }
  if (isStringArray(json)) return grant(json, "a JSON array");
  if (typeof json === "string") return interpretString(json, unwrapped);
  return describeJson(json);
}

function interpretString(content: string, unwrapped: number): Interpretation {
  if (unwrapped === MAX_UNWRAPPED) return ENCODED_TOO_OFTEN;
  const inner = interpret(content.trim(), unwrapped + 1);
  const isWrapped = inner.form !== undefined && inner.form !== "plain names";
  return isWrapped
    ? encodedOnceTooOften(inner, "a JSON string")
    : grant([content], "a JSON string");
}

/** Interprets what a text is base64 of, unless it can just as well be a name. */
function interpretBase64(
  text: string,
  unwrapped: number,
): Interpretation | undefined {
  const bytes = decodeBase64(text);
  if (!bytes) return undefined;
  const decoded = decodeUtf8(bytes);
  if (unwrapped === MAX_UNWRAPPED) {
    const isEncoded = decoded || JSON_BEGIN.test(latin1.decode(bytes));
    return isEncoded ? ENCODED_TOO_OFTEN : undefined;
  }
  const inner = decoded === undefined ? {} : interpret(decoded, unwrapped + 1);
  switch (inner.form) {
    case "a JSON array":
      // `W10`, which is `[]` without its padding, can be a name.
      if (inner.permissions?.length === 0 && text.length % 4 !== 0) break;
      return inner.permissions
        ? { ...inner, form: "base64 of a JSON array" }
        : BASE64_OF_OTHER_JSON;
    case "plain names":
      // Short words such as `edit` decode to something by chance.
      if (!text.endsWith("=") && !/[:,]/.test(decoded!)) break;
      return encodedOnceTooOften(inner, "base64");
    case "a JSON object":
      return BASE64_OF_OTHER_JSON;
    case undefined:
      if (!JSON_BEGIN.test(latin1.decode(bytes))) break;
      return BASE64_OF_OTHER_JSON;
    default:
      return encodedOnceTooOften(inner, "base64");
  }
  return undefined;
}

function interpretNames(text: string): Interpretation {
  const parts = text.split(",", MAX_VALUE_PERMISSIONS + 1);
  if (parts.length > MAX_VALUE_PERMISSIONS) return tooMany("plain names");
  const names = parts.map((name) => name.trim()).filter(Boolean);
  return names.length > 0 && names.every((name) => PLAIN_NAME.test(name))
    ? grant(names, "plain names")
    : {
      problem:
        "The value is neither a JSON array of strings nor plain names separated by commas",
    };
}

function grant(names: readonly string[], form: Form): Interpretation {
  if (names.length > MAX_VALUE_PERMISSIONS) return tooMany(form);
  if (names.includes("")) {
    return { form, problem: "The value has an empty permission" };
  }
  if (names.some((name) => CONTROL_CHARACTER.test(name))) {
    return {
      form,
      problem: "The value has a permission with a control character",
    };
  }
  return { form, permissions: [...new Set(names)] };
}

function tooMany(form: Form): Interpretation {
  return {
    form,
    problem: `The value has more than ${MAX_VALUE_PERMISSIONS} permissions`,
  };
}

function encodedOnceTooOften(
  inner: Interpretation,
  wrapping: "base64" | "a JSON string",
): Interpretation {
  if (inner === ENCODED_TOO_OFTEN) return inner;
  return {
    form: `${wrapping} of ${inner.form}`,
    problem:
      `The value is encoded once too often: ${inner.form} in ${wrapping}`,
    intended: inner.permissions ?? inner.intended,
  };
}

function describeJson(json: unknown): Interpretation {
  if (Array.isArray(json)) {
    return {
      form: "a JSON array",
      problem: "The JSON array holds something that is not a string",
    };
  }
  const kind = json === null ? "null" : typeof json;
  return {
    // `true` and `12` are no permissions by themselves, but names elsewhere.
    form: kind === "object" ? "a JSON object" : "plain names",
    problem: `The value is JSON (${kind}), but not an array of strings`,
  };
}

/** Describes bytes that are not UTF-8. Old consoles stored umlauts as Latin-1. */
function describeForeignBytes(value: Uint8Array): Interpretation {
  const text = latin1.decode(value).trim();
  if (NOT_LATIN1_TEXT.test(text)) return { problem: "The value is not UTF-8" };
  const { permissions, intended } = interpret(text);
  return {
    problem: "The value is not UTF-8: it looks like Latin-1 text",
    intended: permissions ?? intended,
  };
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes).trim();
  } catch {
    return undefined;
  }
}

/** Decodes canonical base64, with or without its padding. */
function decodeBase64(text: string): Uint8Array | undefined {
  if (!BASE64.test(text)) return undefined;
  const unpadded = text.replace(/=+$/, "");
  const padded = unpadded.padEnd(Math.ceil(unpadded.length / 4) * 4, "=");
  if (text !== unpadded && text !== padded) return undefined;
  try {
    // Strict: refuses a last character with bits that mean nothing.
    return Uint8Array.fromBase64(padded, { lastChunkHandling: "strict" });
  } catch {
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isStringArray(value: unknown): value is string[] {
  return Array.isArray(value) &&
    value.every((item) => typeof item === "string");
}
