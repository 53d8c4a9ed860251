import { printable, tint, type Tone } from "../cli/terminal.ts";
import { wrap } from "../cli/help.ts";
import { type Finding, type Level, LEVELS } from "./finding.ts";
import { count, shorten } from "./names.ts";

const TONES: Readonly<Record<Level, Tone>> = {
  ok: "good",
  note: "faint",
  warning: "warning",
  broken: "bad",
};

const LEVEL_WIDTH = 9;
/** What is shown of a finding fits a terminal of 100 columns. */
const TEXT_WIDTH = 84;
/** More items than that are on lines of their own. */
const MAX_INLINE_ITEMS = 3;

/** Formats findings as lines, the counts last; what is ok is left out unless `all`. */
export function formatFindings(
  findings: readonly Finding[],
  { all }: { readonly all: boolean },
): string[] {
  const shown = findings.filter(({ check, level }) =>
    level !== "ok" || all || check === "live"
  );
  return [
    ...shown.flatMap((finding) => [...formatFinding(finding), ""]),
    countLevels(findings),
  ];
}

function formatFinding(finding: Finding): string[] {
  const { check, level, seen, items, why, fix, acknowledged } = finding;
  const indent = " ".repeat(LEVEL_WIDTH);
  const isInline = items.length <= MAX_INLINE_ITEMS &&
    (items.length === 1 || !items.some((item) => item.includes(",")));
  const sentence = isInline && items.length > 0
    ? `${seen}: ${items.join(", ")}`
    : seen;
  const label = tint(TONES[level], level.padEnd(LEVEL_WIDTH));
  return [
    ...labelled(label, `${check}: ${sentence}`),
    ...isInline
      ? []
      : shorten(items).map((item) => `${indent}- ${printable(item)}`),
    ...acknowledged
      ? labelled(`${indent}acknowledged: `, acknowledged, "faint")
      : [],
    ...why ? labelled(`${indent}why   `, why, "faint") : [],
    ...(fix?.split("\n") ?? []).flatMap((part, index) =>
      labelled(`${indent}${index === 0 ? "fix" : "   "}   `, part)
    ),
  ];
}

/** A label, and a text that is wrapped beside it; a command stays on one line. */
function labelled(label: string, text: string, tone?: Tone): string[] {
  const width = LEVEL_WIDTH + (label.startsWith(" ") ? 6 : 0);
  // A command has to stay whole to be pasted.
  const isCommand = /^(?:deno task |[A-Z_]+=)/.test(text);
  const lines = isCommand
    ? [printable(text)]
    : wrap(printable(text), TEXT_WIDTH);
  return lines.map((line, index) => {
    const shown = tone ? tint(tone, line) : line;
    return index === 0 ? `${label}${shown}` : `${" ".repeat(width)}${shown}`;
  });
}

function countLevels(findings: readonly Finding[]): string {
  return LEVELS.flatMap((level) => {
    const number = findings.filter((it) => it.level === level).length;
    if (number === 0 && level !== "ok") return [];
    const isNoun = level === "warning" || level === "note";
    return isNoun ? count(number, level) : `${number} ${level}`;
  }).join(", ");
}
