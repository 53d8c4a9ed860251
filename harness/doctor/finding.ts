import type { Outcome } from "../cli/exit.ts";
import { type CheckId, CHECKS } from "./checks.ts";

/** A `note` needs no action, a `warning` may, `broken` does. */
export type Level = "ok" | "note" | "warning" | "broken";

/** What a check found. */
export interface Finding {
  readonly check: CheckId;
  readonly level: Level;
  /** What was seen, without secrets. */
  readonly seen: string;
  /** Why it matters; absent if `ok`. */
  readonly why?: string;
  /** How to fix it; absent if `ok`. */
  readonly fix?: string;
}

export function finding(check: CheckId, level: Level, seen: string): Finding {
  if (level === "ok") return { check, level, seen };
  const { why, fix } = CHECKS[check];
  return { check, level, seen, why, fix };
}

/** The outcome of a run: the worst finding decides. */
export function outcomeOf(findings: readonly Finding[]): Outcome {
  if (findings.some(({ level }) => level === "broken")) return "failed";
  return findings.some(({ level }) => level === "warning")
    ? "warnings"
    : "done";
}
