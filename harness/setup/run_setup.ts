/**
 * `deno task setup`: reads what there is, shows the changes, makes them, and
 * reports what is left to do.
 *
 * @module
 */
import { confirm } from "../cli/confirm.ts";
import type { Outcome } from "../cli/exit.ts";
import type { Io } from "../cli/io.ts";
import { type ExecuteOptions, executePlan } from "./execute_plan.ts";
import { requireRightsFor } from "./needed_rights.ts";
import { type Plan, readPlan } from "./read_plan.ts";
import { printPlan, report } from "./report.ts";
import { keepRunning, type RunningFunction } from "./run_function.ts";
import { checkSetupOptions, type SetupOptions } from "./setup_options.ts";

export async function runSetup(
  options: SetupOptions,
  io: Io,
  pace: ExecuteOptions = {},
): Promise<Outcome> {
  checkSetupOptions(options);
  const read = await readPlan(options, io);
  const plan = read.isInterruptOpen
    ? await decideAboutInterrupt(read, options, io)
    : read;
  if (!options.json) printPlan(plan, options, io);
  const changes = [...plan.safe, ...plan.guarded];
  if (options.dryRun) {
    const outcome = changes.length > 0 ? "changes" : "done";
    return report(plan, options, { io, outcome });
  }
  const makes = plan.trouble === undefined ? changes : plan.safe;
  if (makes.length > 0) {
    const { instance, organization } = plan.place;
    await requireRightsFor(instance, makes, organization);
    if (!confirm(io, "Make these changes?", options)) {
      return options.json
        ? report(plan, options, { io, outcome: "declined" })
        : "declined";
    }
  }
  return await execute(plan, options, { io, pace });
}

/** What turning interruptOnError on and leaving it off means for customers. */
function bothSides({ state, safe }: Plan): string {
  const isLimited = state.env.APPLICATIONS ||
    safe.some((change) =>
      change.kind === "write-setting" && change.name === "APPLICATIONS"
    );
  const logins = isLimited
    ? "every login of the listed applications depends on this function (every other login too, if it does not answer at all)"
    : "every login of the instance depends on this function";
  return `On: an action of a customer's administrator that sets our claim stops the login, and ${logins}. Off: such a claim reaches the token, and a failure of the function costs the permissions. Before turning it on, keep an administrator's token that does not expire soon: \`deno task setup --no-interrupt-on-error\` needs one`;
}

/** Asks whether failures stop logins; unasked, that stays as it is. */
async function decideAboutInterrupt(
  plan: Plan,
  options: SetupOptions,
  io: Io,
): Promise<Plan> {
  if (!options.yes && !options.json && !options.dryRun) {
    io.print(`interruptOnError is off. ${bothSides(plan)}.`);
    if (io.ask("Turn interruptOnError on?")) {
      return await readPlan({ ...options, interruptOnError: true }, io);
    }
  }
  const note = `interruptOnError stays off; --interrupt-on-error turns it on. ${
    bothSides(plan)
  }`;
  return { ...plan, notes: [...plan.notes, note] };
}

async function execute(
  plan: Plan,
  options: SetupOptions,
  { io, pace }: { readonly io: Io; readonly pace: ExecuteOptions },
): Promise<Outcome> {
  let running: RunningFunction | undefined;
  try {
    const result = await executePlan(plan, options, { io, pace });
    running = result.running;
    const { trouble } = result;
    const outcome = trouble !== undefined
      ? "failed"
      : isMistaken(plan, options)
      ? "warnings"
      : "done";
    await report({ ...plan, trouble }, options, { io, outcome });
    if (running && trouble === undefined) await keepRunning(running, io);
    return outcome;
  } finally {
    await running?.stop();
  }
}

/** A removal that found no target although there are others: a wrong name. */
function isMistaken(
  { state, safe }: Plan,
  { remove }: SetupOptions,
): boolean {
  return remove && safe.length === 0 && state.targets.length > 0;
}
