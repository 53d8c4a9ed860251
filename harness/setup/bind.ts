import { sleep } from "../util/sleep.ts";
import { waitUntil } from "../util/wait_until.ts";
import type { Instance } from "../zitadel/client.ts";
import { listExecutions, setExecution } from "../zitadel/execution.ts";

/** The targets of a condition, seen and wanted. */
export interface Binding {
  readonly condition: string;
  /** The targets that were seen, which must still be bound. */
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/**
 * SetExecution replaces the whole list, so of two commands that run at once the
 * later one wins. After this time it has, in milliseconds.
 */
const SETTLE_MS = 1_000;

/**
 * Replaces what a condition calls, unless that changed in the meantime, and
 * waits until ZITADEL shows it.
 *
 * @throws {Error} If someone else changes the binding at the same time.
 */
export async function bind(
  instance: Instance,
  { condition, from, to }: Binding,
): Promise<void> {
  if (!same(await boundTo(instance, condition), from)) {
    throw conflict(condition);
  }
  await setExecution(instance, { condition, targets: to });
  let isOverwritten = false;
  await waitUntil(
    async () => {
      const bound = await boundTo(instance, condition);
      isOverwritten = !same(bound, from) && !same(bound, to);
      return isOverwritten || same(bound, to);
    },
    { what: `${condition} calls its new targets` },
  );
  if (isOverwritten) throw conflict(condition);
}

/**
 * Checks bindings once more after a second, since another command that read them
 * before may write them later.
 *
 * @throws {Error} If one is not as it was set.
 */
export async function confirmBindings(
  instance: Instance,
  bindings: readonly Binding[],
  { settleMs = SETTLE_MS, signal }: {
    readonly settleMs?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<void> {
  if (bindings.length === 0) return;
  await sleep(settleMs, signal);
  for (const { condition, to } of bindings) {
    if (!same(await boundTo(instance, condition), to)) {
      throw conflict(condition);
    }
  }
}

function conflict(condition: string): Error {
  return new Error(
    `Cannot bind to ${condition}: someone else changed this binding while the command ran. Run it again to see the change`,
  );
}

async function boundTo(
  instance: Instance,
  condition: string,
): Promise<readonly string[]> {
  const executions = await listExecutions(instance);
  return executions.find((it) => it.condition === condition)?.targets ?? [];
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((id, i) => id === other[i]);
}
