import { type Io, printLines } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";

/** A statement that holds for every input. */
export interface CheckedProperty {
  readonly name: string;
  /** Throws if it finds an input that contradicts the statement. */
  check(options: {
    readonly runs: number;
    readonly seed: number;
    readonly path?: string | undefined;
  }): Promise<void>;
}

export interface PropertyFailure {
  readonly name: string;
  readonly message: string;
}

/** Checks properties in turn and reports each on a line of its own. */
export async function checkProperties(
  properties: readonly CheckedProperty[],
  options: {
    readonly runs: number;
    readonly seed: number;
    readonly path?: string | undefined;
  },
  { print, progress }: Pick<Io, "print" | "progress">,
): Promise<PropertyFailure[]> {
  const failures: PropertyFailure[] = [];
  for (const [index, property] of properties.entries()) {
    const { name } = property;
    progress(`${index + 1}/${properties.length} ${name}`);
    const begin = performance.now();
    let state = tint("good", "holds ");
    try {
      await property.check(options);
    } catch (error) {
      state = tint("bad", "broken");
      failures.push({ name, message: (error as Error).message });
    }
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    print(`${state} ${seconds.padStart(6)} s  ${name}`);
  }
  for (const { message } of failures) printLines({ print }, `\n${message}`);
  return failures;
}
