/**
 * What a metadata value says, and what was probably meant by one that the
 * function cannot read: for people, never for a decision. `parsePermissions()`
 * decides; a test holds the two together.
 *
 * @module
 */
import {
  BASE64,
  CONTROL_CHARACTER,
  decodeBase64,
  decodeUtf8,
  isStringArray,
  JSON_BEGIN,
  latin1,
  MAX_VALUE_BYTES,
  MAX_VALUE_PERMISSIONS,
  parseJson,
  PLAIN_NAME,
} from "../../lib/mapping/permission_value.ts";

/**
 * How often a text is unwrapped: once as a form has it, and once to tell what
 * is encoded once too often. Each time costs as much as reading the value.
 */
const MAX_UNWRAPPED = 2;

/** Control characters that no text has. */
const NOT_LATIN1_TEXT = /[^\P{Cc}\t\r\n]/u;

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

/** Reports what is wrong with a value, in one sentence that does not quote it; `undefined` if it can be read. */
export function problemOf(value: Uint8Array | undefined): string | undefined {
  return interpretValue(value).problem;
}

/**
 * Works out what an unreadable value was meant to grant: one that is encoded
 * once too often, or that is Latin-1 instead of UTF-8. `undefined` if it is
 * readable as it is, or if no one can tell.
 */
export function intendedPermissions(
  value: Uint8Array | undefined,
): readonly string[] | undefined {
  return interpretValue(value).intended;
}

/**
 * Reports whether a value is a list of permissions for certain: a JSON array of
 * strings, or base64 of one. Any short text could be plain names.
 */
export function isPermissionList(value: Uint8Array): boolean {
  const { permissions, form = "" } = interpretValue(value);
  return permissions !== undefined && form.endsWith("a JSON array");
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
      if (!inner.permissions) return BASE64_OF_OTHER_JSON;
      return BASE64.test(text)
        ? { ...inner, form: "base64 of a JSON array" }
        : encodedOnceTooOften(inner, "base64url");
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
  wrapping: "base64" | "base64url" | "a JSON string",
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
