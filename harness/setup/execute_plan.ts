import type { Io } from "../cli/io.ts";
import type { FunctionProcess } from "../function/function_process.ts";
import { listTargets } from "../zitadel/target.ts";
import { carryOut } from "../plan/carry_out.ts";
import type { Change } from "../plan/change.ts";
import { findTrouble } from "./check_function.ts";
import type { SetupOptions } from "./command_line.ts";
import { findDeliveryTrouble, needsDelivery } from "./plan_delivery.ts";
import { sendEvent } from "./prove_delivery.ts";
import type { Plan } from "./read_plan.ts";
import { startHere } from "./run_function.ts";
import { findStandIn } from "./stand_in.ts";

/** How long the function may take to accept its key once it is started here, in seconds. */
const START_SECONDS = 30;

export interface Pace {
  /** How long to wait before bindings are checked again, in milliseconds. */
  readonly settleMs?: number;
  /** How often the function is asked while it is waited for, in milliseconds. */
  readonly retryMs?: number;
}

interface Context {
  readonly io: Io;
  readonly pace: Pace;
}

/**
 * Makes the changes of a plan: the safe ones, then the others if the function
 * accepts the target's key, for which it is waited or which is started here.
 *
 * @returns Why the guarded changes were not made, if so, and the function, if it
 * was started here.
 * @throws {Interrupted} With what was done and what was not.
 */
export async function executePlan(
  plan: Plan,
  options: SetupOptions,
  { io, pace }: Context,
) {
  const signal = io.untilInterrupted();
  const { true: guarded = [], false: safe = [] } = Object.groupBy(
    plan.changes,
    ({ isGuarded = false }) => `${isGuarded}`,
  );
  const { settleMs } = pace;
  await using stack = new AsyncDisposableStack();
  let running: FunctionProcess | undefined;
  const all = [...safe, ...guarded];
  const trouble = await carryOut(
    all,
    { io, signal, settleMs },
    async (apply) => {
      io.progress("making the changes");
      await apply(safe);
      if (options.start) running = stack.use(await startHere(plan, io));
      const trouble = guarded.length === 0
        ? undefined
        : await askFunction(plan, options, { io, pace, signal });
      if (trouble !== undefined) return trouble;
      io.progress("binding the target");
      await apply(guarded);
      await announceMapping(plan, guarded);
    },
  );
  stack.move();
  return { trouble, running };
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

/** Returns why the target cannot be bound now; `undefined` if it can. */
async function askFunction(
  { place, state: { executions }, changes, existing, ...plan }: Plan,
  { name, probe, wait, start }: SetupOptions,
  { io, pace: { retryMs }, signal }: Context & { readonly signal: AbortSignal },
): Promise<string | undefined> {
  const { endpoint } = plan.target!;
  const targets = await listTargets(place.instance);
  const target = existing ?? targets.find((it) => it.name === name)!;
  const { signingKey } = target;
  const isWaiting = wait !== undefined || start;
  let { trouble } = plan;
  // The key of a new target is new: it was not asked about before.
  if (isWaiting || existing === undefined) {
    const found = await findTrouble({ endpoint, probe, signingKey }, {
      seconds: wait ?? (start ? START_SECONDS : 0),
      onWait: (seen) => io.progress(`waiting for the function: ${seen}`),
      signal,
      retryMs,
    });
    trouble = found &&
      (found.isNotYet || isWaiting
        ? found.seen
        : `${found.seen}. ${found.advice}`);
  }
  const isProven = !probe || !changes.some(needsDelivery);
  if (trouble !== undefined || isProven) return trouble;
  const standIn = findStandIn({ targets, executions }, name);
  io.progress(`checking that ZITADEL reaches ${endpoint}`);
  const where = { standIn, endpoint, probe, signal, pollMs: retryMs };
  return await findDeliveryTrouble(place, target, where);
}
