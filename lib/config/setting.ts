import * as z from "zod/mini";

const QUOTED = /^["'`]|["'`]$/;

/** Control characters and invisible ones, such as a zero-width space. */
const INVISIBLE = /[\p{Cc}\p{Cf}]/u;

/** Reads a trimmed value. */
type Read<T> = (text: string) => T;

interface About {
  /** What applies if it is unset, as the documentation lists it. */
  readonly default?: string;
  /** Whether it must never be shown. */
  readonly secret?: true;
  /** Whether it may have several lines. */
  readonly multiline?: true;
}

class Problem extends Error {}

/** Refuses a value unless it is right. `what` is the rest of a sentence that begins with the setting's name. */
export function check(isRight: unknown, what: string): asserts isRight {
  if (!isRight) throw new Problem(what);
}

/** A setting that must be set; `hint` says to what. */
export function required<T>(hint: string, read: Read<T>, about: About = {}) {
  const missing = () => {
    throw new Problem(`is missing: set it to ${hint}`);
  };
  return setting(read, missing, { default: "required", ...about });
}

/** A setting that need not be set. */
export function optional<T>(read: Read<T>, about: About = {}) {
  return setting(read, () => undefined, { default: "unset", ...about });
}

/** A setting with a default, in the form in which it is set. */
export function withDefault<T>(value: string, read: Read<T>) {
  return setting(read, () => read(value), { default: value });
}

/** Reads a whole number. */
export function whole(min: number, max: number): Read<number> {
  return (text) => {
    const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
    const isRight = number >= min && number <= max;
    check(isRight, `is not a whole number from ${min} to ${max}`);
    return number;
  };
}

/** Reads one of several words. */
export function oneOf<const T extends string>(words: readonly T[]): Read<T> {
  return (text) => {
    const found = words.find((word) => word === text);
    check(found, `is not one of ${words.join(", ")}`);
    return found;
  };
}

/** Reads a comma-separated list, each item of which `checkItem` may refuse. */
export function listOf(
  checkItem: (item: string) => void,
): Read<ReadonlySet<string>> {
  return (text) => {
    const items = text.split(",").map((item) => item.trim());
    const isFull = !items.includes("");
    check(isFull, "holds an empty id: write ids separated by commas");
    items.forEach(checkItem);
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

/** Trims the values of an environment: an empty setting is one that is not set. */
export function trimAll(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const trimmed = Object.entries(environment)
    .map(([name, text]) => [name, text?.trim() || undefined]);
  return Object.fromEntries(trimmed);
}

/** Creates the schema of a setting, which also says what the documentation lists. */
function setting<T, U>(
  read: Read<T>,
  ifUnset: () => U,
  about: About & { readonly default: string },
) {
  const schema = z.pipe(
    z.optional(z.string()),
    z.transform((text, { issues }): T | U => {
      try {
        if (text === undefined) return ifUnset();
        checkForm(text, about);
        return read(text);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        issues.push({ code: "custom", message: error.message, input: text });
        return z.NEVER;
      }
    }),
  );
  return Object.assign(schema, about);
}

/** Container runtimes pass values differently: some keep quotes and line ends. */
function checkForm(text: string, { multiline }: About): void {
  const line = multiline ? text.replaceAll(/[\r\n\t]/g, "") : text;
  check(
    !QUOTED.test(text),
    "begins or ends with a quote: write the value without quotes (docker run --env-file keeps them)",
  );
  check(
    !INVISIBLE.test(line),
    "holds a control character or an invisible one: type the value again, or copy it without line breaks",
  );
}
