import { wrap } from "../cli/help.ts";
import { tint } from "../cli/terminal.ts";

/** The column where the text of a step begins. */
export const INDENT = 8;
const COLUMNS = 80;
/** Formats the beginning of a step. */
export function formatStep(label: string, title: string): string[] {
  return ["", tint("strong", label.padEnd(INDENT) + title)];
}

export function formatText(text: string): string[] {
  return indent(text, INDENT);
}

export function formatChange(sign: string, text: string): string[] {
  const [first = "", ...rest] = indent(text, INDENT + 2);
  return [
    " ".repeat(INDENT) + tint("good", sign) + first.slice(INDENT + 1),
    ...rest,
  ];
}

/** Breaks a text into lines of 80 columns, indented. */
export function indent(text: string, columns: number): string[] {
  return wrap(text, COLUMNS - columns).map((it) => " ".repeat(columns) + it);
}
