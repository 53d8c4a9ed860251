import { didYouMean } from "./closest.ts";
import { UsageError } from "./errors.ts";
import { messageOf } from "./terminal.ts";

/** Reads the text of an option's value; refuses it by a `UsageError` that names the option. */
export type Parse<T> = (text: string, option: string) => T;

function refuse(option: string, text: string, expected: string): never {
  throw new UsageError(`${option} ${text}: expected ${expected}`);
}

/** Reads a time such as `10s`, `1m30s` or `10`, in whole seconds. */
export function parseSeconds(
  text: string,
  option: string,
  max = Infinity,
): number {
  const match = /^(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text);
  const seconds = Number(match?.[1] ?? 0) * 60 + Number(match?.[2] ?? 0);
  if (match && text !== "" && seconds >= 1 && seconds <= max) return seconds;
  const most = max < Infinity ? `, at most ${max}s` : "";
  return refuse(option, text, `a time such as 10s${most}`);
}

/** Creates a reader of numbers with both bounds included. */
export function numberFrom(
  min: number,
  max: number,
  { isWhole = true }: { readonly isWhole?: boolean } = {},
): Parse<number> {
  const kind = isWhole ? "whole number" : "number";
  const [from, to] = [min, max].map((it) => it.toLocaleString("en"));
  return (text, option) => {
    const number = Number(text);
    const isRight = text.trim() !== "" && number >= min && number <= max &&
      (!isWhole || Number.isInteger(number));
    return isRight
      ? number
      : refuse(option, text, `a ${kind} from ${from} to ${to}`);
  };
}

/** Creates a reader that accepts one of several words. */
export function oneOf<Word extends string>(
  words: readonly Word[],
): Parse<Word> {
  return (text, option) =>
    words.find((it) => it === text) ??
      refuse(option, text, words.join(", ") + didYouMean(text, words));
}

/** Creates a reader of such words, separated by commas. */
export function listOf<Word extends string>(
  words: readonly Word[],
): Parse<Word[]> {
  const readWord = oneOf(words);
  return (text, option) =>
    text.split(",").map((it) => it.trim()).filter(Boolean)
      .map((word) => readWord(word, option));
}

/** Reads the path of a file that exists. */
export function parseFile(path: string, option: string): string {
  try {
    if (!Deno.statSync(path).isDirectory) return path;
  } catch (error) {
    throw new UsageError(`${option}: ${messageOf(error)}`);
  }
  return refuse(option, path, "a file, and this is a folder");
}

/** Reads an http or https URL. */
export function parseUrl(text: string, option: string): string {
  const url = URL.parse(text);
  return url && /^https?:$/.test(url.protocol)
    ? url.href
    : refuse(option, text, "a URL such as https://my-function.example.com/");
}

/** Reads a time of an option, such as `2026-11-29T10:00Z`, in ISO form. */
export function parseTime(text: string, option: string): string {
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(time)
    ? refuse(option, text, "a time such as 2026-11-29T10:00:00Z, or 2026-11-29")
    : new Date(time).toISOString();
}
