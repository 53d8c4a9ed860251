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
}

/** What a finding has beside what was seen. */
export interface FindingDetails {
  readonly items?: readonly string[];
  readonly organizations?: readonly string[];
  /** Replaces what the table of checks says. */
  readonly why?: string | undefined;
  readonly fix?: string | undefined;
}

export function finding(
  check: CheckId,
  level: Level,
  seen: string,
  details: FindingDetails = {},
): Finding {
  const { items = [], organizations = [] } = details;
  const found = { check, level, seen, items, organizations };
  if (level === "ok") return found;
  const why = details.why ?? CHECKS[check].why;
  return { ...found, why, fix: details.fix ?? CHECKS[check].fix };
}

/** A finding about what could not be had: the cause and the remedy that were seen. */
export function problemFinding(
  check: CheckId,
  level: Level,
  { text, remedy }: Problem,
  details: FindingDetails = {},
): Finding {
  return finding(check, level, text, { ...details, fix: remedy });
}

/** The outcome of a run: the worst finding decides. */
export function outcomeOf(findings: readonly Finding[]): Outcome {
  if (findings.some(({ level }) => level === "broken")) return "failed";
  return findings.some(({ level }) => level === "warning")
    ? "warnings"
    : "done";
}
