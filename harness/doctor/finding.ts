import type { Outcome } from "../cli/exit.ts";
import type { Problem } from "./answer.ts";
import { type CheckId, CHECKS } from "./checks.ts";

/** A `note` needs no action, a `warning` may, `broken` does. */
export const LEVELS = ["broken", "warning", "note", "ok"] as const;
export type Level = typeof LEVELS[number];

/** What a check found. */
export interface Finding {
  readonly check: CheckId;
  readonly level: Level;
  /** What was seen, without secrets. */
  readonly seen: string;
  /** Where it was seen, or what in particular: organizations, roles, keys. */
  readonly items: readonly string[];
  /** The ids of the organizations it was seen in. */
  readonly organizations: readonly string[];
  /** Why it matters; absent if `ok`. */
  readonly why?: string;
  /** How to fix it, a command first; absent if `ok`. */
  readonly fix?: string;
  /** Why the operator accepts it. */
  readonly acknowledged?: string;
}

/** What a finding has beside what was seen. */
export interface FindingDetails {
  readonly items?: readonly string[];
  readonly organizations?: readonly string[];
  /** Replaces what the table of checks says. */
  readonly why?: string | undefined;
  readonly fix?: string | undefined;
}

/** Creates a finding; of what could not be had, with the cause and the remedy that were seen. */
export function finding(
  check: CheckId,
  level: Level,
  seen: string | Problem,
  { items = [], organizations = [], why, fix }: FindingDetails = {},
): Finding {
  const { text, remedy } = typeof seen === "string"
    ? { text: seen, remedy: fix }
    : seen;
  const found = { check, level, seen: text, items, organizations };
  if (level === "ok") return found;
  const known = CHECKS[check];
  return { ...found, why: why ?? known.why, fix: remedy ?? known.fix };
}

/** Takes a finding. */
export type Report = (...of: Parameters<typeof finding>) => void;

/** Collects what judges report. */
export function collect(judge: (report: Report) => void): Finding[] {
  const findings: Finding[] = [];
  judge((...of) => findings.push(finding(...of)));
  return findings;
}

/**
 * Makes one finding of all that have one cause, lists where it was seen, and
 * puts the worst first.
 */
export function combineFindings(findings: readonly Finding[]): Finding[] {
  const groups = Map.groupBy(
    findings,
    ({ check, level, seen }) => JSON.stringify([check, level, seen]),
  );
  return [...groups.values()].map((group) => {
    const items = group.flatMap(({ items }) => items);
    const organizations = [
      ...new Set(group.flatMap(({ organizations }) => organizations)),
    ];
    const { fix, ...first } = group[0]!;
    return {
      ...first,
      items: [...new Set(items)],
      organizations,
      ...fix !== undefined && { fix: nameOrganization(fix, organizations) },
    };
  }).sort(byLevel);
}

/** The worst first. */
export function byLevel(a: Finding, b: Finding): number {
  return LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level);
}

/** Completes `--org ID` in a command. */
function nameOrganization(
  fix: string,
  organizations: readonly string[],
): string {
  const [first] = organizations;
  if (first === undefined || !fix.includes("--org ID")) return fix;
  const named = fix.replaceAll("--org ID", `--org ${first}`);
  return organizations.length === 1
    ? named
    : `${named}\nand so for each of the ${organizations.length} organizations`;
}

/** The outcome of a run: the worst finding decides. */
export function outcomeOf(findings: readonly Finding[]): Outcome {
  if (findings.some(({ level }) => level === "broken")) return "failed";
  return findings.some(({ level }) => level === "warning")
    ? "warnings"
    : "done";
}
