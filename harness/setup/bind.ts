import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import { listExecutions, setExecution } from "../zitadel/execution.ts";
import type { Recheck } from "../plan/change.ts";

/** The targets of a condition, seen and wanted. */
export interface Binding {
  readonly condition: string;
  /** The targets that were seen, which must still be bound. */
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/**
 * Replaces what a condition calls, unless that changed in the meantime, and
 * waits until ZITADEL shows it. Another command that read the binding before may
 * still write it later, which the recheck finds.
 *
 * @throws {Error} If someone else changes the binding at the same time.
 */
export async function bind(
  instance: Instance,
  { condition, from, to }: Binding,
): Promise<Recheck> {
  const boundTo = async () =>
    (await listExecutions(instance))
      .find((it) => it.condition === condition)?.targets ?? [];
  const requireSame = (found: readonly string[], wanted: readonly string[]) => {
    if (same(found, wanted)) return;
    throw new Error(
      `Cannot bind to ${condition}: someone else changed this binding while the command ran. Run it again to see the change`,
    );
  };
  requireSame(await boundTo(), from);
  await setExecution(instance, { condition, targets: to });
  let bound = from;
  await waitUntil(async () => {
    bound = await boundTo();
    return same(bound, to) || !same(bound, from);
  }, { what: `${condition} calls its new targets` });
  requireSame(bound, to);
  return async () => requireSame(await boundTo(), to);
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, i) => id === other[i]);
}
