import fc from "fast-check";
import type { CheckedProperty } from "../../harness/fuzz/run_fuzz.ts";

/** A statement that holds for every input, as `deno task fuzz` checks it. */
export type Property = CheckedProperty;

/**
 * Names a property, by a sentence about a symbol. A failure has the smallest input that
 * contradicts it, and how to see it again.
 *
 * @param cost How many times as long as the others one input takes; fewer are tried.
 */
export function property<T>(
  name: string,
  statement: fc.IRawProperty<T>,
  { cost = 1 }: { cost?: number } = {},
): Property {
  return {
    name,
    async check({ runs, seed, path }) {
      const details = await fc.check(statement, {
        numRuns: Math.max(1, Math.ceil(runs / cost)),
        seed,
        ...path ? { path } : {},
      });
      if (!details.failed) return;
      const { counterexample, counterexamplePath, errorInstance } = details;
      const reason = errorInstance instanceof Error
        ? errorInstance.message
        : String(errorInstance);
      throw new Error(
        `Does not hold: ${name}\n` +
          `  for ${fc.stringify(counterexample).slice(0, 2_000)}\n` +
          `  since ${reason}\n` +
          `  again: deno task fuzz --only ${JSON.stringify(name)} ` +
          `--seed ${seed} --path ${counterexamplePath}`,
        { cause: errorInstance },
      );
    },
  };
}
