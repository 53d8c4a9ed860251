import type { DiffLine } from "../cli/diff.ts";
import type { EntryChange } from "./plan_mapping.ts";

/** Longer metadata values are cut, in characters. */
const MAX_VALUE_LENGTH = 80;

/** Puts a change of a metadata entry into words. */
export function describeEntry({ key, from, to }: EntryChange): DiffLine {
  const values = [from, to].filter((it) => it !== undefined).map(cut);
  return {
    sign: from === undefined ? "+" : to === undefined ? "-" : "~",
    text: `metadata ${key}: ${values.join(" -> ")}`,
  };
}

function cut(value: string): string {
  return value.length <= MAX_VALUE_LENGTH
    ? value
    : `${value.slice(0, MAX_VALUE_LENGTH)}...`;
}
