import { Interrupted } from "../cli/errors.ts";
import { formatDiffLine } from "../cli/diff.ts";
import type { Io } from "../cli/io.ts";
import { messageOf } from "../cli/terminal.ts";
import { listTargets } from "../zitadel/target.ts";
import { applyChanges } from "./apply_changes.ts";
import {
  type AskedFunction,
  findTrouble,
  waitForFunction,
} from "./check_function.ts";
import { describeChange } from "./describe_change.ts";
import { type Change, NEW_TARGET } from "./plan.ts";
import type { Plan } from "./read_plan.ts";
import { type RunningFunction, startHere } from "./run_function.ts";
import type { SetupOptions } from "./setup_options.ts";

/** How long the function may take to accept its key once it is started here, in seconds. */
const START_SECONDS = 30;

export interface ExecuteOptions {
  /** How long to wait before bindings are checked again, in milliseconds. */
  readonly settleMs?: number;
  /** How often the function is asked while it is waited for, in milliseconds. */
  readonly retryMs?: number;
}

export interface Execution {
  /** Why the guarded changes were not made. */
  readonly trouble: string | undefined;
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
  { io, pace }: { readonly io: Io; readonly pace: ExecuteOptions },
): Promise<Execution> {
  const { place, safe, guarded } = plan;
  const signal = io.untilInterrupted();
  const done: Change[] = [];
  const apply = async (changes: readonly Change[]) => {
    await applyChanges(place, changes, {
      signal,
      settleMs: pace.settleMs,
      onChange: (change) => void done.push(change),
    });
  };
  let running: RunningFunction | undefined;
  try {
    io.progress("making the changes");
    await apply(safe);
    if (options.start) running = await startHere(plan, options, io);
    if (guarded.length === 0) return { trouble: undefined, running };
    const asked = await askedFunction(plan, options);
    const trouble = await askFunction(plan, options, {
      io,
      asked,
      signal,
      retryMs: pace.retryMs,
    });
    if (trouble !== undefined) return { trouble, running };
    io.progress("binding the target");
    await apply(guarded.map((change) => withId(change, asked.id)));
    return { trouble: undefined, running };
  } catch (error) {
    await running?.stop();
    io.progress();
    const left = [...safe, ...guarded].slice(done.length);
    const progress = describeProgress(plan, options, { done, left });
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

async function askFunction(
  { existing, trouble, guarded }: Plan,
  { wait, start }: SetupOptions,
  { io, asked, signal, retryMs }: {
    readonly io: Io;
    readonly asked: AskedFunction;
    readonly signal: AbortSignal;
    readonly retryMs: number | undefined;
  },
): Promise<string | undefined> {
  if (wait !== undefined || start) {
    return await waitForFunction(asked, {
      seconds: wait ?? START_SECONDS,
      signal,
      retryMs,
      onWait: (seen) => io.progress(`waiting for the function: ${seen}`),
    });
  }
  if (existing !== undefined) return trouble;
  // The key is new: a function that runs already cannot have it.
  try {
    return await findTrouble(asked, guarded);
  } catch (error) {
    return messageOf(error).replace(/^Cannot bind the target: /, "")
      .replace(/ Nothing was changed\./, "");
  }
}

async function askedFunction(
  { place, target, existing }: Plan,
  { name }: SetupOptions,
): Promise<AskedFunction & { readonly id: string }> {
  const { id, signingKey } = existing ??
    (await listTargets(place.instance)).find((it) => it.name === name)!;
  return { id, signingKey, endpoint: target!.endpoint };
}

function withId(change: Change, id: string): Change {
  if (change.kind !== "bind") return change;
  const to = change.to.map((it) => it === NEW_TARGET ? id : it);
  return { ...change, to };
}

function describeProgress(
  { state }: Plan,
  { name, envFile }: SetupOptions,
  { done, left }: {
    readonly done: readonly Change[];
    readonly left: readonly Change[];
  },
): string {
  const { targets } = state;
  const section = (title: string, changes: readonly Change[]) => {
    const lines = changes.flatMap((change) =>
      describeChange(change, { targets, name, envFile })
    );
    return lines.length === 0
      ? [`${title}: nothing`]
      : [`${title}:`, ...lines.map(formatDiffLine)];
  };
  return [...section("Done", done), ...section("Not done", left)].join("\n");
}
