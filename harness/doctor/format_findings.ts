import { printable, tint, type Tone } from "../cli/terminal.ts";
import { CHECKS } from "./checks.ts";
import type { Finding, Level } from "./finding.ts";

const TONES: Readonly<Record<Level, Tone>> = {
  ok: "good",
  note: "faint",
  warning: "warning",
  broken: "bad",
};

const LEVEL_WIDTH = 9;
const TITLE_WIDTH = 17;

/** Formats findings as lines, the counts last; what is ok is left out unless `all`. */
export function formatFindings(
  findings: readonly Finding[],
  { all }: { readonly all: boolean },
): string[] {
  const shown = findings.filter(({ check, level }) =>
    level !== "ok" || all || check === "live"
  );
  return [...shown.flatMap(formatFinding), countLevels(findings)];
}

function formatFinding({ check, level, seen, why, fix }: Finding): string[] {
  const indent = " ".repeat(LEVEL_WIDTH);
  const label = tint(TONES[level], level.padEnd(LEVEL_WIDTH - 1));
  const title = CHECKS[check].title.padEnd(TITLE_WIDTH);
  return [
    `${label} ${title} ${printable(seen)}`,
    ...why ? [tint("faint", `${indent}why   ${printable(why)}`)] : [],
    ...fix ? [`${indent}fix   ${printable(fix)}`] : [],
  ];
}

function countLevels(findings: readonly Finding[]): string {
  const count = (level: Level) =>
    findings.filter((finding) => finding.level === level).length;
  return `${count("ok")} ok, ${count("note")} notes, ${
    count("warning")
  } warnings, ${count("broken")} broken`;
}
