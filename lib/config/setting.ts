import * as z from "zod/mini";

/** Settings that may have several lines. */
const MULTILINE: ReadonlySet<string> = new Set([
  "SERVICE_ACCOUNT_KEY",
  "PAYLOAD_PRIVATE_KEY",
]);

const QUOTED = /^["'`]|["'`]$/;

/** Control characters and invisible ones, such as a zero-width space. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/u;

/** Reports what is wrong with a value, as the rest of a sentence that begins with the setting's name. */
export type Fail = (what: string) => never;

/** Reads a value that has no white space at its ends, and no form that container runtimes leave behind. */
export type Read<T> = (text: string, fail: Fail) => T;

class Problem {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

/** A setting that must be set; `hint` says to what. */
export function required<T>(hint: string, read: Read<T>) {
  return setting((text, fail) =>
    text === undefined
      ? fail(`is missing: set it to ${hint}`)
      : read(text, fail)
  );
}

/** A setting that need not be set. */
export function optional<T>(read: Read<T>) {
  return setting((text, fail) =>
    text === undefined ? undefined : read(text, fail)
  );
}

/** A setting with a default, in the form in which it is set. */
export function withDefault<T>(value: string, read: Read<T>) {
  return setting((text = value, fail) => read(text, fail));
}

/** Reads any text. */
export const asText: Read<string> = (text) => text;

/** Reads a whole number. */
export function whole(min: number, max: number): Read<number> {
  return (text, fail) => {
    const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
    if (number >= min && number <= max) return number;
    return fail(`is not a whole number from ${min} to ${max}`);
  };
}

/** Reads one of several words. */
export function oneOf<T extends string>(words: readonly T[]): Read<T> {
  return (text, fail) =>
    words.find((word) => word === text) ??
      fail(`is not one of ${words.join(", ")}`);
}

/** Reads a comma-separated list, each item of which `check` may refuse. */
export function listOf(
  check: (item: string, fail: Fail) => void,
): Read<ReadonlySet<string>> {
  return (text, fail) => {
    const items = text.split(",").map((item) => item.trim());
    if (items.includes("")) {
      fail("holds an empty id: write ids separated by commas");
    }
    for (const item of items) check(item, fail);
    return new Set(items);
  };
}

/** Reads a JSON object; an empty one if the text is none. */
export function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

function setting<T>(read: (text: string | undefined, fail: Fail) => T) {
  return z.pipe(
    z.optional(z.string()),
    z.transform((text, { issues }): T => {
      try {
        return read(text, (what) => {
          throw new Problem(what);
        });
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        issues.push({ code: "custom", message: error.what, input: text });
        return z.NEVER;
      }
    }),
  );
}

/**
 * Reports what is wrong with a setting's form. Container runtimes pass values
 * differently: some keep quotes and line ends.
 */
export function problemOfForm(name: string, text: string): string | undefined {
  const line = MULTILINE.has(name) ? text.replaceAll(/[\r\n\t]/g, "") : text;
  if (QUOTED.test(text)) {
    return "begins or ends with a quote: write the value without quotes (docker run --env-file keeps them)";
  }
  if (INVISIBLE.test(line)) {
    return "holds a control character or an invisible one: type the value again, or copy it without line breaks";
  }
}
