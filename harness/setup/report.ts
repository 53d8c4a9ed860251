import { formatDiffLine } from "../cli/diff.ts";
import { parseEnv, readEnvFile } from "../cli/env_file.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { printable, tint } from "../cli/terminal.ts";
import { describeChange } from "./describe_change.ts";
import type { Change } from "./plan.ts";
import type { Plan } from "./read_plan.ts";
import type { SetupOptions } from "./setup_options.ts";

/** Prints what is about to change, and what stays although it matters. */
export function printPlan(plan: Plan, options: SetupOptions, io: Io): void {
  const { place, organization, safe, guarded, notes } = plan;
  io.print(`Instance      ${place.instance.origin}`);
  if (organization) {
    const { name, id } = organization;
    io.print(`Organization  ${printable(name)} (${id})`);
  }
  if (safe.length + guarded.length === 0) io.print("Nothing to change.");
  for (const line of linesOf(safe, plan, options)) {
    io.print(formatDiffLine(line));
  }
  // A function cannot have the key of a target that does not exist yet.
  const isLater = plan.trouble !== undefined || plan.existing === undefined;
  const when = isLater ? ", once the function accepts its key" : "";
  for (const { sign, text } of linesOf(guarded, plan, options)) {
    io.print(formatDiffLine({ sign, text: text + when }));
  }
  for (const note of notes) {
    io.print(`  ${tint("warning", "!")} ${printable(note)}`);
  }
}

/** Reports how it ended, as one JSON document or in words. */
export async function report(
  plan: Plan,
  options: SetupOptions,
  { io, outcome }: { readonly io: Io; readonly outcome: Outcome },
): Promise<Outcome> {
  const { place, organization, safe, guarded, notes, trouble } = plan;
  if (options.json) {
    const pending = trouble ? guarded : [];
    return printJson(io, outcome, {
      instance: place.instance.origin,
      organization,
      applied: outcome === "done" || outcome === "failed",
      not_bound: trouble,
      changes: linesOf(
        trouble ? safe : [...safe, ...guarded],
        plan,
        options,
      ),
      pending: linesOf(pending, plan, options),
      notes,
    });
  }
  if (options.dryRun) io.print("Nothing was changed (--dry-run).");
  else if (trouble) {
    io.print(`${tint("warning", "Not bound:")} ${printable(trouble)}`);
    io.print(await nextStep(options));
  } else if (safe.length + guarded.length > 0) {
    for (const line of closingLines(plan, options)) io.print(line);
  }
  return outcome;
}

/** A function without a credential does not start. */
async function nextStep({ envFile }: SetupOptions): Promise<string> {
  const settings = parseEnv(await readEnvFile(envFile));
  const hasCredential = ["ACCESS_TOKEN", "CLIENT_SECRET", "SERVICE_ACCOUNT_KEY"]
    .some((name) => settings[name]);
  const start =
    `start, restart or deploy it with ${envFile}, then run the same command again`;
  return hasCredential
    ? `Next: ${start}`
    : `Next: ${envFile} has no credential of a service user yet; add --service-user to create one, or write ACCESS_TOKEN, CLIENT_ID and CLIENT_SECRET, or SERVICE_ACCOUNT_KEY. Then ${start}`;
}

function closingLines(
  { safe, guarded }: Plan,
  { remove, envFile, start }: SetupOptions,
): string[] {
  if (remove) return [tint("good", "Removed.")];
  const isSettings = [...safe, ...guarded].some(({ kind }) =>
    kind === "write-key" || kind === "write-credential" ||
    kind === "write-setting"
  );
  const next = isSettings && !start
    ? `restart or deploy the function with ${envFile}, then run \`deno task doctor\``
    : "run `deno task doctor --live` to check that it works";
  return [tint("good", "Done."), `Next: ${next}`];
}

function linesOf(
  changes: readonly Change[],
  { state }: Plan,
  { name, envFile }: SetupOptions,
) {
  return changes.flatMap((change) =>
    describeChange(change, { targets: state.targets, name, envFile })
  );
}
