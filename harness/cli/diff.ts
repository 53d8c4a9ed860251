import { tint } from "./terminal.ts";

/** A change as a line of a diff. */
export interface DiffLine {
  /** `+` is added, `-` is removed, `~` changes. */
  readonly sign: "+" | "-" | "~";
  /** One line, without secrets. */
  readonly text: string;
}

/** Formats a line of a diff, indented; the text may hold names from outside. */
export function formatDiffLine({ sign, text }: DiffLine): string {
  const tone = sign === "+" ? "good" : sign === "-" ? "bad" : "warning";
  return `  ${tint(tone, sign)} ${text}`;
}
