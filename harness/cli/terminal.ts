import { resolve } from "node:path";
import { inspect, styleText } from "node:util";
import { noteProxy } from "../util/proxy.ts";

/** How much a text matters. */
export type Tone = "good" | "bad" | "warning" | "faint" | "strong";

const STYLES = {
  good: "green",
  bad: "red",
  warning: "yellow",
  faint: "dim",
  strong: "bold",
} as const;

/** Known to this process only, and to terminals parameters without a meaning. */
const KEY = Array.from(
  crypto.getRandomValues(new Uint16Array(4)),
  (it) => String(it % 10_000).padStart(4, "0"),
).join(";");

const MARK = new RegExp(`\\x1b\\[(\\d+);${KEY}m`);

/**
 * Colours a text, on a terminal only, and not if NO_COLOR is set. The colour shows
 * only through {@linkcode printed}, which tells it by a key from the text's own.
 */
export function tint(tone: Tone, text: string): string {
  const style = STYLES[tone];
  if (styleText(style, text) === text) return text;
  const [on, off] = inspect.colors[style]!;
  return `\x1b[${on};${KEY}m${text}\x1b[${off};${KEY}m`;
}

/**
 * Returns a line as a terminal may have it: only the colours of {@linkcode tint},
 * and everything else that could steer the terminal or begin a line as an escape.
 */
export function printed(line: string): string {
  return line.split(MARK).map((part, index) =>
    index % 2 === 0 ? printable(part) : `\x1b[${part}m`
  ).join("");
}

/**
 * C0 and C1 controls, line and paragraph separators, and what turns the direction
 * of text: they can move the cursor, recolour the screen or forge a line.
 */
export const UNPRINTABLE =
  /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Escapes control characters in a text that comes from outside, such as a name. */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (character) =>
      `\\u{${character.codePointAt(0)!.toString(16).padStart(2, "0")}}`,
  );
}

/**
 * The message of what was thrown; for a failed request its cause, and the variable
 * of the proxy that it may have taken.
 */
export function messageOf(error: unknown): string {
  const message = ownMessageOf(error);
  const proxy = noteProxy(failedUrlOf(error) ?? "");
  return message.includes(proxy) ? message : message + proxy;
}

/** Deno names the URL of a failed request in the last cause. */
function failedUrlOf(error: unknown): string | undefined {
  for (; error instanceof Error; error = error.cause) {
    const url = /error sending request for url \((\S+?)\)/.exec(error.message);
    if (url) return url[1];
  }
}

function ownMessageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [, missing] = error instanceof Deno.errors.NotFound
    ? /: \w+ '(.+)'$/s.exec(error.message) ?? []
    : [];
  // `deno task` runs in the project's folder, wherever it was typed.
  if (missing) return `there is no file ${resolve(missing)}`;
  if (error.message !== "fetch failed" || !(error.cause instanceof Error)) {
    return error.message;
  }
  // "error sending request for <url>: client error (Connect): tcp connect
  // error: Connection refused": the end is enough.
  return error.cause.message.split(": ").slice(-2).join(": ");
}

/**
 * Asks a question that only a plain yes answers.
 *
 * @returns `true` if the answer is yes; `undefined` without a terminal.
 */
export function ask(question: string): boolean | undefined {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) return undefined;
  const answer = prompt(`${printable(question)} [y/N]`) ?? "";
  return /^y(es)?$/i.test(answer.trim());
}
