import process from "node:process";
import { styleText } from "node:util";
import type { DiffLine } from "../setup/describe_change.ts";

/** How much a line matters. */
export type Tone = "good" | "bad" | "warning" | "faint" | "strong";

const STYLES = {
  good: "green",
  bad: "red",
  warning: "yellow",
  faint: "dim",
  strong: "bold",
} as const;

/**
 * Colours a text, on a terminal only, and not where NO_COLOR is set.
 *
 * @param tone How much it matters.
 * @param text The text.
 * @returns The text, coloured or not.
 */
export function tint(tone: Tone, text: string): string {
  return styleText(STYLES[tone], text);
}

/**
 * Puts what was thrown into words; of a failed request, what lies beneath.
 *
 * @param error What was thrown.
 * @returns One sentence.
 */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.message !== "fetch failed" || !(error.cause instanceof Error)) {
    return error.message;
  }
  // "error sending request for <url>: client error (Connect): tcp connect
  // error: Connection refused": the end says it all.
  return error.cause.message.split(": ").slice(-2).join(": ");
}

/**
 * Formats a line of a diff.
 *
 * @param line What changes.
 * @returns The line, indented.
 */
export function formatDiffLine({ sign, text }: DiffLine): string {
  const tone = sign === "+" ? "good" : sign === "-" ? "bad" : "warning";
  return `  ${tint(tone, sign)} ${text}`;
}

/**
 * Asks a question that only a plain yes answers.
 *
 * @param question The question.
 * @returns Whether the answer is yes; `undefined` where nobody can be asked.
 */
export function ask(question: string): boolean | undefined {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) return undefined;
  const answer = prompt(`${question} [y/N]`) ?? "";
  return /^y(es)?$/i.test(answer.trim());
}

/**
 * Shows progress on stderr: on a terminal one line that changes, elsewhere one
 * line whenever the text is another.
 *
 * @returns A function that takes the text, with a detail such as the time for
 * terminals only, and `undefined` when all is done.
 */
export function progress(): (text?: string, detail?: string) => void {
  const terminal = Deno.stderr.isTerminal();
  let shown: string | undefined;
  return (text, detail = "") => {
    if (terminal) {
      process.stderr.write(text ? `\r\x1b[K${text}${detail}` : "\r\x1b[K");
    } else if (text !== undefined && text !== shown) {
      process.stderr.write(`${text}\n`);
    }
    shown = text;
  };
}
