import type { Recheck } from "../plan/change.ts";
import { replaceValues } from "../plan/replace_values.ts";
import type { Instance } from "../zitadel/client.ts";
import { listExecutions, setExecution } from "../zitadel/execution.ts";

/** The targets of a condition, seen and wanted. */
export interface Binding {
  readonly condition: string;
  /** The targets that were seen, which must still be bound. */
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** Replaces what a condition calls, unless that changed in the meantime. */
export function bind(
  instance: Instance,
  { condition: key, from, to }: Binding,
): Promise<Recheck> {
  const [before, after] = [from, to].map((ids) => ids.join() || undefined);
  return replaceValues([{ key, from: before, to: after }], {
    action: `bind to ${key}`,
    read: async () =>
      (await listExecutions(instance))
        .filter(({ targets }) => targets.length > 0)
        .map(({ condition, targets }) => [condition, targets.join()] as const),
    write: () => setExecution(instance, { condition: key, targets: to }),
  });
}
