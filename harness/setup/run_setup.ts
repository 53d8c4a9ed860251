/**
 * `deno task setup`: reads what there is, shows the changes, makes them, and
 * reports what is left to do.
 *
 * @module
 */
import { confirm } from "../cli/confirm.ts";
import { formatDiffLine } from "../cli/diff.ts";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { readMappingFile } from "../roles/roles_file.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import { ownOrganization } from "../zitadel/organization.ts";
import {
  listTargets,
  type Target,
  type TargetSettings,
} from "../zitadel/target.ts";
import { conditionsOf } from "./conditions.ts";
import { describeChange } from "./describe_change.ts";
import {
  type Change,
  NEW_TARGET,
  planRemoval,
  planSetup,
  type State,
} from "./plan.ts";
import { applyChanges, type Place, readState } from "./setup.ts";
import { chooseTargetSettings, type TargetOptions } from "./target_settings.ts";
import { healthTrouble, keyTrouble } from "./trouble.ts";

export interface SetupOptions extends TargetOptions {
  /** The organization whose metadata takes the mapping. */
  readonly org?: string | undefined;
  readonly envFile: string;
  /** Replace another signing key in the env file. */
  readonly force: boolean;
  /** Bind without asking the function. */
  readonly skipHealth: boolean;
  readonly remove: boolean;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

type Binding = Change & { readonly kind: "bind" };

/** The changes, and what keeps some of them from being made now. */
interface Plan {
  readonly place: Place;
  readonly state: State;
  readonly target: TargetSettings | undefined;
  /** The target of that name, if it exists. */
  readonly existing: Target | undefined;
  /** Bindings that need a function that accepts the target's key. */
  readonly bindings: readonly Binding[];
  /** All other changes. */
  readonly others: readonly Change[];
  /** Why the bindings cannot be made now. */
  readonly trouble: string | undefined;
}

export async function runSetup(
  options: SetupOptions,
  io: Io,
): Promise<Outcome> {
  const plan = await planFrom(options, io);
  if (!options.json) printPlan(plan, options, io);
  const { others, bindings } = plan;
  const isNothing = others.length === 0 &&
    (plan.trouble !== undefined || bindings.length === 0);
  const changes = [...others, ...bindings];
  if (options.dryRun) {
    const outcome = changes.length > 0 ? "changes" : "done";
    return report(plan, options, { io, outcome });
  }
  if (!isNothing && !confirm(io, "Make these changes?", options)) {
    return options.json
      ? report(plan, options, { io, outcome: "declined" })
      : "declined";
  }
  const trouble = await apply(plan, options);
  const outcome = trouble === undefined ? "done" : "failed";
  return report({ ...plan, trouble }, options, { io, outcome });
}

async function planFrom(options: SetupOptions, io: Io): Promise<Plan> {
  const { name, remove, envFile, force, roles } = options;
  const { settings, domain, instance } = await connectAsAdmin(envFile, io);
  io.progress(`reading ${instance.origin}`);
  const mapping = roles === undefined
    ? new Map<string, readonly string[]>()
    : await readMappingFile(roles);
  const organization = roles === undefined
    ? undefined
    : options.org ?? fixedOrganization(settings.METADATA_ORGANIZATION) ??
      (await ownOrganization(instance)).id;
  const place = { instance, organization, envFile };
  const state = await readState(place);
  const existing = state.targets.find((target) => target.name === name);
  const target = remove ? undefined : chooseTargetSettings(options, existing);
  const conditions = conditionsOf(options.also ?? "");
  const changes = remove
    ? planRemoval(state, { name, mapping })
    : planSetup(state, { target, conditions, mapping, force, domain });
  const asksFunction = target !== undefined && !options.skipHealth;
  const bindings = asksFunction ? changes.filter(isBinding) : [];
  const others = changes.filter((it) => !asksFunction || !isBinding(it));
  const trouble = asksFunction
    ? await findTrouble(target, existing, bindings.length > 0)
    : undefined;
  io.progress();
  return { place, state, target, existing, bindings, others, trouble };
}

/** Asks the function whether it answers and accepts the target's key. */
async function findTrouble(
  target: TargetSettings,
  existing: Target | undefined,
  hasBindings: boolean,
): Promise<string | undefined> {
  const trouble = await healthTrouble(target.endpoint);
  if (trouble && existing && existing.endpoint !== target.endpoint) {
    throw new Error(
      `Cannot move the target: ${trouble}. Start the function there first, or use --skip-health if only ZITADEL can reach it`,
    );
  }
  if (!hasBindings) return undefined;
  if (trouble || !existing) return trouble;
  return await keyTrouble(target.endpoint, existing.signingKey);
}

function printPlan(plan: Plan, options: SetupOptions, io: Io): void {
  const { place, others, bindings } = plan;
  io.print(`Instance      ${place.instance.origin}`);
  if (place.organization) io.print(`Organization  ${place.organization}`);
  if (others.length + bindings.length === 0) io.print("Nothing to change.");
  for (const line of linesOf(others, plan, options)) {
    io.print(formatDiffLine(line));
  }
  // A function cannot have the key of a target that does not exist yet.
  const isLater = plan.trouble !== undefined || plan.existing === undefined;
  const when = isLater ? ", once the function accepts its key" : "";
  for (const { sign, text } of linesOf(bindings, plan, options)) {
    io.print(formatDiffLine({ sign, text: text + when }));
  }
}

/**
 * Makes the changes, the bindings last.
 *
 * @returns Why the bindings were not made.
 */
async function apply(
  { place, target, existing, bindings, others, trouble }: Plan,
  { name, skipHealth }: SetupOptions,
): Promise<string | undefined> {
  const guardLogins = !skipHealth && target?.interruptOnError === true;
  await applyChanges(place, others, { guardLogins });
  if (bindings.length === 0 || trouble !== undefined) return trouble;
  const bound = existing ??
    (await listTargets(place.instance)).find((it) => it.name === name)!;
  if (!existing) {
    const refused = await keyTrouble(target!.endpoint, bound.signingKey);
    if (refused !== undefined) return refused;
  }
  const idOf = (id: string) => id === NEW_TARGET ? bound.id : id;
  const named = bindings.map((it) => ({ ...it, to: it.to.map(idOf) }));
  await applyChanges(place, named, { guardLogins });
  return undefined;
}

function report(
  plan: Plan,
  options: SetupOptions,
  { io, outcome }: { readonly io: Io; readonly outcome: Outcome },
): Outcome {
  const { place, others, bindings, trouble } = plan;
  const changes = [...others, ...bindings];
  if (options.json) {
    return printJson(io, outcome, {
      instance: place.instance.origin,
      organization: place.organization,
      applied: outcome === "done" || outcome === "failed",
      not_bound: trouble,
      changes: linesOf(trouble ? others : changes, plan, options),
      pending: linesOf(trouble ? bindings : [], plan, options),
    });
  }
  if (options.dryRun) io.print("Nothing was changed (--dry-run).");
  else if (trouble) {
    io.print(`${tint("warning", "Not bound:")} ${trouble}`);
    io.print(
      `Next: start, restart or deploy it with ${options.envFile}, then run the same command again`,
    );
  } else if (changes.length > 0) {
    for (const line of closingLines(changes, options)) io.print(line);
  }
  return outcome;
}

function closingLines(
  changes: readonly Change[],
  { remove, envFile }: SetupOptions,
): string[] {
  if (remove) return [tint("good", "Removed.")];
  const next = changes.some(({ kind }) => kind === "write-key")
    ? `restart or deploy the function with ${envFile}, then run \`deno task doctor\``
    : "run `deno task doctor` to check that it works";
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

function isBinding(change: Change): change is Binding {
  return change.kind === "bind";
}

function fixedOrganization(value: string | undefined): string | undefined {
  return value === "user" || value === "grant" ? undefined : value || undefined;
}
