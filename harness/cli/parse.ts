import { didYouMean } from "./closest.ts";
import { UsageError } from "./errors.ts";
import { messageOf } from "./terminal.ts";

/** Reads a time such as `10s`, `1m30s` or `10`, in whole seconds. */
export function parseSeconds(
  text: string,
  option: string,
  max = Infinity,
): number {
  const match = /^(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text);
  const seconds = Number(match?.[1] ?? 0) * 60 + Number(match?.[2] ?? 0);
  if (!match || text === "" || seconds < 1 || seconds > max) {
    const most = max < Infinity ? `, at most ${max}s` : "";
    throw new UsageError(
      `${option} ${text}: expected a time such as 10s${most}`,
    );
  }
  return seconds;
}

/** Creates a reader of numbers with both bounds included. */
export function numberFrom(
  min: number,
  max: number,
  { isWhole = true }: { readonly isWhole?: boolean } = {},
): (text: string, option: string) => number {
  return (text, option) => {
    const number = Number(text);
    const isRight = text.trim() !== "" && number >= min && number <= max &&
      (!isWhole || Number.isInteger(number));
    if (isRight) return number;
    throw new UsageError(
      `${option} ${text}: expected a ${
        isWhole ? "whole number" : "number"
      } from ${min.toLocaleString("en")} to ${max.toLocaleString("en")}`,
    );
  };
}

/** Creates a reader that accepts one of several words. */
export function oneOf<Word extends string>(
  words: readonly Word[],
): (text: string, option: string) => Word {
  return (text, option) => {
    const word = words.find((it) => it === text);
    if (word !== undefined) return word;
    throw new UsageError(
      `${option} ${text}: expected ${words.join(", ")}${
        didYouMean(text, words)
      }`,
    );
  };
}

/** Creates a reader of such words, separated by commas. */
export function listOf<Word extends string>(
  words: readonly Word[],
): (text: string, option: string) => Word[] {
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
  throw new UsageError(
    `${option} ${path}: expected a file, and this is a folder`,
  );
}

/** Reads an http or https URL. */
export function parseUrl(text: string, option: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url.href;
  throw new UsageError(
    `${option} ${text}: expected a URL such as https://my-function.example.com/`,
  );
}
