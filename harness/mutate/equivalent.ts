import { changedLines, type Mutant } from "./mutant.ts";

/** A change that no test can notice, and why. */
export interface Equivalent {
  readonly file: string;
  /** The changed lines after the change, without indent. */
  readonly after: string;
  /** Why the behaviour is the same, or why a test would be worse than none. */
  readonly reason: string;
}

/**
 * The survivors that have an explanation. An entry that no longer fits the
 * source fails a test, so the list cannot outlive the code.
 */
export const EQUIVALENT: readonly Equivalent[] = [];

/** Finds the explanation of a change. */
export function explain(
  source: string,
  mutant: Mutant,
  equivalents: readonly Equivalent[],
): Equivalent | undefined {
  const after = changedLines(source, mutant).after.join("\n");
  return equivalents.find((it) =>
    it.file === mutant.file && it.after === after
  );
}
