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

/**
 * Makes one finding of all that have one cause, lists where it was seen, and
 * puts the worst first.
 */
export function combineFindings(findings: readonly Finding[]): Finding[] {
  const groups = Map.groupBy(
    findings,
    ({ check, level, seen }) => JSON.stringify([check, level, seen]),
  );
  const distinct = (all: readonly string[]) => [...new Set(all)];
  return [...groups.values()].map((group) => ({
    ...group[0]!,
    items: distinct(group.flatMap(({ items }) => items)),
    organizations: distinct(group.flatMap((it) => it.organizations)),
  })).sort(byLevel);
}

/** The worst first. */
export function byLevel(a: Finding, b: Finding): number {
  return LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level);
}

/** The outcome of a run: the worst finding decides. */
export function outcomeOf(findings: readonly Finding[]): Outcome {
  if (findings.some(({ level }) => level === "broken")) return "failed";
  return findings.some(({ level }) => level === "warning")
    ? "warnings"
    : "done";
}
