import { Interrupted } from "../cli/errors.ts";
import { formatDiffLine } from "../cli/diff.ts";
import type { Io } from "../cli/io.ts";
import { listTargets } from "../zitadel/target.ts";
import { applySteps, type Change } from "../plan/change.ts";
import { findTrouble } from "./check_function.ts";
import type { SetupOptions } from "./command_line.ts";
import { findDeliveryTrouble, needsDelivery } from "./plan_delivery.ts";
import { sendEvent } from "./prove_delivery.ts";
import type { Plan } from "./situation.ts";
import { type RunningFunction, startHere } from "./run_function.ts";

/** How long the function may take to accept its key once it is started here, in seconds. */
const START_SECONDS = 30;

export interface Pace {
  /** How long to wait before bindings are checked again, in milliseconds. */
  readonly settleMs?: number;
  /** How often the function is asked while it is waited for, in milliseconds. */
  readonly retryMs?: number;
}

/** What became of a plan; disposing of it stops the function. */
export interface Execution extends AsyncDisposable {
  /** Why the guarded changes were not made. */
  readonly trouble?: string | undefined;
  /** The function, if it was started here. */
  readonly running?: RunningFunction | undefined;
}

/**
 * Makes the changes of a plan: the safe ones, then the others if the function
 * accepts the target's key, for which it is waited or which is started here.
 *
 * @throws {Interrupted} With what was done and what was not.
 */
export async function executePlan(
  plan: Plan,
  options: SetupOptions,
  { io, pace }: { readonly io: Io; readonly pace: Pace },
): Promise<Execution> {
  const signal = io.untilInterrupted();
  const { true: guarded = [], false: safe = [] } = Object.groupBy(
    plan.changes,
    ({ isGuarded = false }) => `${isGuarded}`,
  );
  const done: Change[] = [];
  const apply = (changes: readonly Change[]) =>
    applySteps(changes, {
      signal,
      settleMs: pace.settleMs,
      onDone: (change) => void done.push(change),
    });
  let running: RunningFunction | undefined;
  try {
    io.progress("making the changes");
    await apply(safe);
    if (options.start) running = await startHere(plan, io);
    const trouble = guarded.length === 0
      ? undefined
      : await askFunction(plan, options, { io, pace, signal });
    if (trouble === undefined) {
      io.progress("binding the target");
      await apply(guarded);
      await announceMapping(plan, guarded);
    }
    return {
      trouble,
      running,
      [Symbol.asyncDispose]: async () => void await running?.stop(),
    };
  } catch (error) {
    await running?.stop();
    io.progress();
    const left = [...safe, ...guarded].slice(done.length);
    const progress = [...section("Done", done), ...section("Not done", left)]
      .join("\n");
    if (signal.aborted) {
      throw new Interrupted(
        `stopped before the end\n${progress}\nRun the same command again: it continues from here`,
      );
    }
    if (done.length > 0) io.error(progress);
    throw error;
  } finally {
    io.progress();
  }
}

/** Events that are bound only now did not tell of what was written before. */
async function announceMapping(
  { place: { instance, organization }, existing }: Plan,
  made: readonly Change[],
): Promise<void> {
  const isBound = made.some(({ isAboutEvents }) => isAboutEvents);
  if (isBound && existing && organization) {
    await sendEvent(instance, organization);
  }
}

function section(title: string, changes: readonly Change[]): string[] {
  const lines = changes.flatMap(({ lines }) => lines);
  return lines.length === 0
    ? [`${title}: nothing`]
    : [`${title}:`, ...lines.map(formatDiffLine)];
}

/** Returns why the target cannot be bound now; `undefined` if it can. */
async function askFunction(
  { place, changes, existing, ...plan }: Plan,
  { name, probe, wait, start }: SetupOptions,
  { io, pace, signal }: {
    readonly io: Io;
    readonly pace: Pace;
    readonly signal: AbortSignal;
  },
): Promise<string | undefined> {
  const { endpoint } = plan.target!;
  const target = existing ??
    (await listTargets(place.instance)).find((it) => it.name === name)!;
  const { signingKey } = target;
  const isWaiting = wait !== undefined || start;
  let trouble = plan.trouble;
  // The key of a new target is new: it was not asked about before.
  if (isWaiting || existing === undefined) {
    const found = await findTrouble({ endpoint, probe, signingKey }, {
      seconds: wait ?? (start ? START_SECONDS : 0),
      signal,
      retryMs: pace.retryMs,
      onWait: (seen) => io.progress(`waiting for the function: ${seen}`),
    });
    trouble = found &&
      (found.isNotYet || isWaiting
        ? found.seen
        : `${found.seen}. ${found.advice}`);
  }
  const isProven = !probe || !changes.some(needsDelivery);
  if (trouble !== undefined || isProven) return trouble;
  return await findDeliveryTrouble(place, {
    ...{ target, endpoint, probe, signal },
    pollMs: pace.retryMs,
    onWait: io.progress,
  });
}
