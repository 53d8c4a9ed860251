import { UsageError } from "./errors.ts";

/** Reads a time such as `10s`, `1m30s` or `10`, in whole seconds. */
export function parseSeconds(text: string, option: string): number {
  const match = /^(?:(\d+)m)?(?:(\d+)s?)?$/.exec(text);
  const seconds = Number(match?.[1] ?? 0) * 60 + Number(match?.[2] ?? 0);
  if (!match || text === "" || seconds < 1) {
    throw new UsageError(`${option} ${text}: expected a time such as 10s`);
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
    throw new UsageError(`${option} ${text}: expected ${words.join(", ")}`);
  };
}

/** Reads an http or https URL. */
export function parseUrl(text: string, option: string): string {
  const url = URL.parse(text);
  if (url && /^https?:$/.test(url.protocol)) return url.href;
  throw new UsageError(
    `${option} ${text}: expected a URL such as https://my-function.example.com/`,
  );
}
