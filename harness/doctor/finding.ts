import { type CheckId, CHECKS } from "./checks.ts";

/** How bad it is: `note` needs no action, `warning` may, `broken` does. */
export type Level = "ok" | "note" | "warning" | "broken";

/** What a check found. */
export interface Finding {
  /** Which check. */
  readonly check: CheckId;
  /** How bad it is. */
  readonly level: Level;
  /** What was seen, with no secret in it. */
  readonly seen: string;
  /** Why it matters; not with `ok`. */
  readonly why?: string;
  /** What mends it; not with `ok`. */
  readonly mend?: string;
}

/**
 * Makes a finding.
 *
 * @param check Which check.
 * @param level How bad it is.
 * @param seen What was seen, with no secret in it.
 * @returns The finding.
 */
export function finding(check: CheckId, level: Level, seen: string): Finding {
  if (level === "ok") return { check, level, seen };
  const { why, mend } = CHECKS[check];
  return { check, level, seen, why, mend };
}

/**
 * Says how a run of the doctor ends.
 *
 * @param findings All findings.
 * @returns The exit code: 0, 1 where there are warnings, 2 where something is
 * broken.
 */
export function exitCode(findings: readonly Finding[]): 0 | 1 | 2 {
  if (findings.some(({ level }) => level === "broken")) return 2;
  return findings.some(({ level }) => level === "warning") ? 1 : 0;
}
