import fc from "fast-check";

/** How a property is checked. */
export interface CheckOptions {
  /** How many inputs to try. */
  readonly runs: number;
  /** Where the inputs come from: the same seed gives the same inputs. */
  readonly seed: number;
  /** Where in the seed's inputs to begin, as a failure prints it. */
  readonly path?: string | undefined;
}

/** A statement that holds for every input. */
export interface Property {
  /** The statement. */
  readonly name: string;
  /**
   * Looks for an input that contradicts it.
   *
   * @param options How to look.
   * @throws {Error} Where one was found, with the smallest such input and how to see it again.
   */
  check(options: CheckOptions): Promise<void>;
}

/**
 * Names a property.
 *
 * @param name The statement, as a sentence about a symbol.
 * @param statement The statement, and the inputs it is for.
 * @param cost How many times as long as the others one input takes; fewer are tried.
 * @returns The property.
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
