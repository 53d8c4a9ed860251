/**
 * `deno task setup`: reads what there is, shows the changes, makes them, and
 * reports what is left to do.
 *
 * @module
 */
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { parseEnv, readEnvFile } from "../cli/env_file.ts";
import { printable, tint } from "../cli/terminal.ts";
import { decide } from "../plan/carry_out.ts";
import type { Change } from "../plan/change.ts";
import { checkSetupOptions, type SetupOptions } from "./command_line.ts";
import { executePlan, type Pace } from "./execute_plan.ts";
import { printPlan } from "../plan/print_plan.ts";
import { type Plan, readPlan } from "./read_plan.ts";
import { UNDELIVERED } from "./plan_delivery.ts";
import { keepRunning } from "./run_function.ts";

export async function runSetup(
  options: SetupOptions,
  io: Io,
  pace: Pace = {},
): Promise<Outcome> {
  checkSetupOptions(options);
  const read = await readPlan(options, io);
  const plan = read.isInterruptOpen
    ? await decideAboutInterrupt(read, options, io)
    : read;
  const { place, changes, trouble, existing, notes } = plan;
  const { instance } = place;
  const made = trouble === undefined ? changes : changes.filter(isSafe);
  if (!options.json) {
    // A function cannot have the key of a target that does not exist yet.
    const isLater = trouble !== undefined || existing === undefined;
    const guarded = changes.filter((it) => !isSafe(it));
    const steps = [
      ...changes.filter(isSafe),
      ...isLater ? guarded.map(onceAccepted) : guarded,
    ];
    printPlan({ ...plan, instance, steps, notes }, io);
  }
  const steps = options.dryRun ? changes : made;
  const ended = await decide(steps, place, { ...options, io });
  if (ended === "declined" && !options.json) return ended;
  if (ended) return await report(plan, options, { io, outcome: ended });
  const { trouble: unbound, running } = await executePlan(plan, options, {
    io,
    pace,
  });
  await using _ = running;
  // Also a removal that found no target although there are others: a wrong name.
  const isMistaken = plan.isIncomplete || plan.isFruitless ||
    options.remove && changes.length === 0 && plan.state.targets.length > 0;
  const isBound = unbound === undefined;
  const outcome = !isBound ? "failed" : isMistaken ? "warnings" : "done";
  const done = { ...plan, trouble: unbound };
  await report(done, options, { io, outcome });
  if (running && isBound) await keepRunning(running, plan.target, io);
  return outcome;
}

function isSafe({ isGuarded = false }: Change): boolean {
  return !isGuarded;
}

function onceAccepted({ lines }: Change) {
  return {
    lines: lines.map(({ sign, text }) => ({
      sign,
      text: `${text}, once the function accepts its key`,
    })),
  };
}

/** Asks whether failures stop logins; unasked, that stays as it is. */
async function decideAboutInterrupt(
  plan: Plan,
  options: SetupOptions,
  io: Io,
): Promise<Plan> {
  const isLimited = plan.state.env.APPLICATIONS ||
    plan.changes.some(({ setting }) => setting === "APPLICATIONS");
  const logins = isLimited
    ? "every login of the listed applications depends on this function (every other login too, if it is down or has another key)"
    : "every login of the instance depends on this function";
  const bothSides =
    `On: an action of a customer's administrator that sets our claim stops the login, and ${logins}. Off: such a claim reaches the token, and a failure of the function costs the permissions. Before turning it on, keep an administrator's token that does not expire soon: \`deno task setup --no-interrupt-on-error\` needs one`;
  if (!options.yes && !options.json && !options.dryRun) {
    io.print(`interruptOnError is off. ${bothSides}.`);
    if (io.ask("Turn interruptOnError on?")) {
      return await readPlan({ ...options, interruptOnError: true }, io);
    }
  }
  const note =
    `interruptOnError stays off; --interrupt-on-error turns it on. ${bothSides}`;
  return { ...plan, notes: [...plan.notes, note] };
}

/** Reports how it ended, as one JSON document or in words. */
async function report(
  { place, organization, changes, notes, trouble, isFruitless }: Plan,
  options: SetupOptions,
  { io, outcome }: { readonly io: Io; readonly outcome: Outcome },
): Promise<Outcome> {
  const { remove, envFile, start } = options;
  if (options.json) {
    const linesOf = (isMade: boolean) =>
      changes.filter((it) => (!trouble || isSafe(it)) === isMade)
        .flatMap(({ lines }) => lines);
    return printJson(io, outcome, {
      instance: place.instance.origin,
      organization,
      applied: outcome !== "declined" && !options.dryRun,
      not_bound: trouble,
      changes: linesOf(true),
      pending: linesOf(false),
      notes,
    });
  }
  if (options.dryRun) io.print("Nothing was changed (--dry-run).");
  else if (trouble) {
    io.print(`${tint("warning", "Not bound:")} ${printable(trouble)}`);
    io.print(`Next: ${await nextStep(options, trouble)}`);
  } else if (changes.length > 0 && remove) {
    const rest = outcome === "done" ? "" : " What stays is named above.";
    io.print(`${tint("good", "Removed.")}${rest}`);
  } else if (changes.length > 0) {
    io.print(
      isFruitless
        ? tint("warning", "Done, but no user gets a permission yet: see above.")
        : tint("good", "Done."),
    );
    const isSettings = changes.some(({ setting }) => setting !== undefined);
    io.print(
      isSettings && !start
        ? `Next: restart or deploy the function with ${envFile}, then run \`deno task doctor\``
        : "Next: run `deno task doctor --live` to check that it works",
    );
  }
  return outcome;
}

/** A function without a credential does not start. */
async function nextStep(
  { envFile, probe }: SetupOptions,
  trouble: string,
): Promise<string> {
  if (trouble.startsWith(UNDELIVERED)) return "run the same command again";
  const settings = parseEnv(await readEnvFile(envFile));
  const hasCredential = ["ACCESS_TOKEN", "CLIENT_SECRET", "SERVICE_ACCOUNT_KEY"]
    .some((name) => settings[name]);
  const isUnreached = probe === undefined && trouble.includes("did not answer");
  const start =
    `start, restart or deploy it with ${envFile}, then run the same command again${
      isUnreached
        ? "; if only ZITADEL reaches the endpoint, with --probe URL"
        : ""
    }`;
  return hasCredential
    ? start
    : `${envFile} has no credential of a service user yet; add --service-user to create one, or write ACCESS_TOKEN, CLIENT_ID and CLIENT_SECRET, or SERVICE_ACCOUNT_KEY. Then ${start}`;
}
