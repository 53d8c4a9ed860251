/**
 * How `setup`, `roles` and `rotate` go from a plan to what was made of it.
 *
 * @module
 */
import { confirm } from "../cli/confirm.ts";
import { formatDiffLine } from "../cli/diff.ts";
import { Interrupted } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import type { Io } from "../cli/io.ts";
import { requireRights } from "../zitadel/rights.ts";
import { applySteps, type Place, type Step } from "./change.ts";

/**
 * Decides whether steps are made: not in a dry run, and only if the token's user
 * has every right and the operator agrees.
 *
 * @returns How the command ends, if they are not made.
 * @throws {Error} Naming each missing right and the step that needs it.
 */
export async function decide(
  steps: readonly Step[],
  { instance, organization }: Omit<Place, "envFile">,
  { dryRun, io, question = "Make these changes?", ...options }: {
    readonly dryRun: boolean;
    readonly yes: boolean;
    readonly json: boolean;
    readonly io: Io;
    readonly question?: string;
  },
): Promise<Outcome | undefined> {
  if (dryRun) return steps.length > 0 ? "changes" : "done";
  if (steps.length === 0) return undefined;
  const needed = new Map(
    steps.flatMap(({ needs }) => needs ? [[needs.step, needs]] : []),
  );
  const { IAM_OWNER = [], ORG_OWNER = [] } = Object.groupBy(
    needed.values(),
    ({ role }) => role,
  );
  await requireRights(instance, IAM_OWNER);
  await requireRights(instance, ORG_OWNER, organization);
  return confirm(io, question, options) ? undefined : "declined";
}

/**
 * Makes the steps of a plan, in one go or in parts; if it ends early, says what is
 * done and what is not.
 *
 * @param run Applies them.
 * @throws {Interrupted} If the signal was aborted.
 */
export async function carryOut<S extends Step, T>(
  steps: readonly S[],
  { io, signal, settleMs, onDone }: {
    readonly io: Io;
    readonly signal: AbortSignal;
    readonly settleMs?: number | undefined;
    readonly onDone?: (step: S) => void;
  },
  run: (apply: (part: readonly S[]) => Promise<void>) => Promise<T>,
): Promise<T> {
  const done = new Set<S>();
  const options = {
    signal,
    settleMs,
    onDone(step: S) {
      done.add(step);
      onDone?.(step);
    },
  };
  try {
    return await run((part) => applySteps(part, options));
  } catch (error) {
    const section = (title: string, isDone: boolean) => {
      const lines = steps.filter((step) => done.has(step) === isDone)
        .flatMap(({ lines }) => lines);
      io.error(lines.length === 0 ? `${title}: nothing` : `${title}:`);
      for (const line of lines) io.error(formatDiffLine(line));
    };
    if (done.size > 0 || signal.aborted) {
      section("Done", true);
      section("Not done", false);
    }
    if (!signal.aborted) throw error;
    throw new Interrupted(
      "stopped before the end: run the same command again, it continues from here",
    );
  } finally {
    io.progress();
  }
}
