import { resolve } from "node:path";
import { statOf } from "../cli/env_file.ts";
import { UsageError } from "../cli/errors.ts";
import type { Io } from "../cli/io.ts";
import { printable } from "../cli/terminal.ts";
import type { UnfinishedRotation } from "../zitadel/unfinished_rotation.ts";
import type { Target, TargetSettings } from "../zitadel/target.ts";
import {
  type Change,
  NOTHING,
  type Place,
  type Planned,
} from "../plan/change.ts";
import { findTrouble } from "./check_function.ts";
import { conditionsOf, type SetupOptions } from "./command_line.ts";
import { setupNotes } from "./notes.ts";
import { planDelivery } from "./plan_delivery.ts";
import { planSetup, type State, type Wish } from "./plan.ts";
import { readRemoval } from "./plan_removal.ts";
import { proposeSettings } from "./propose_settings.ts";
import { planServiceUser, readServiceUsers } from "./service_user.ts";
import { readSituation, type Situation } from "./situation.ts";
import { unbindChanges, updateTargetChange } from "./target_changes.ts";

/** What a new target gets without `--timeout`, in seconds: ZITADEL's own default. */
const DEFAULT_TIMEOUT_SECONDS = 10;

/** The changes, and what keeps some of them from being made now. */
interface SetupPlan extends Planned {
  readonly target?: TargetSettings | undefined;
  /** The target of that name, if it exists. */
  readonly existing?: Target | undefined;
  /** Why the guarded changes cannot be made now. */
  readonly trouble?: string | undefined;
  /** Whether interruptOnError is off, and the operator is to decide about it. */
  readonly isInterruptOpen?: boolean;
  /** Whether no user could get a permission; the notes say why. */
  readonly isFruitless?: boolean;
  /** Of a removal: whether something that is live stays. */
  readonly isIncomplete?: boolean;
}

export type Plan = Situation & SetupPlan;

/** Reads everything, and works out what to change. Changes nothing. */
export async function readPlan(
  options: SetupOptions,
  io: Pick<Io, "env" | "progress">,
): Promise<Plan> {
  const situation = await readSituation(options, io);
  const plan: SetupPlan = options.remove
    ? await readRemoval(options, situation)
    : await planFromSetup(options, situation);
  io.progress();
  return { ...situation, ...plan };
}

async function planFromSetup(
  options: SetupOptions,
  situation: Situation,
): Promise<SetupPlan> {
  const { name, force, probe, forCustomers } = options;
  const { place, state, rotation, entries, domain, serviceUser } = situation;
  const existing = state.targets.find((target) => target.name === name) ??
    rotation?.successor;
  if (rotation && isEmergencyExit(options)) return turnOff(place, rotation);
  if (existing === undefined) requireSameName(state.targets, name);
  if (options.unbind) return unbind(options, situation);
  const target = chooseTargetSettings(options, existing);
  if (target !== undefined) requireFinished(rotation);
  const conditions = conditionsOf(["preaccesstoken", ...options.also ?? []]);
  requireJson(existing, conditions, state);
  const user = options.serviceUser
    ? await planServiceUser(
      place,
      await readServiceUsers(place, serviceUser),
      serviceUser,
    )
    : NOTHING;
  const { isFruitless, ...proposal } = isEmergencyExit(options)
    ? { ...NOTHING, isFruitless: false }
    : await proposeSettings(options, situation);
  const wish: Wish = {
    name,
    target,
    conditions,
    entries,
    force,
    domain,
    others: [...user.changes, ...proposal.changes],
  };
  const planned = planSetup(place, state, wish);
  const { changes, notes } = target
    ? await planDelivery({ ...situation, existing }, target, planned, probe)
    : { changes: planned, notes: [] };
  const isAsked = forCustomers && options.interruptOnError === undefined;
  const called = target ?? existing;
  return {
    target,
    existing,
    changes,
    isFruitless,
    trouble: await readTrouble(options, { target, existing, changes }),
    notes: [
      ...setupNotes(state, wish),
      ...user.notes,
      ...proposal.notes,
      ...notes,
      ...isAsked && called === undefined
        ? [
          `there is no target "${name}" yet: run this again with --endpoint, to decide about interruptOnError`,
        ]
        : [],
      ...await newFileNotes(place, changes),
    ],
    isInterruptOpen: isAsked && called?.interruptOnError === false,
  };
}

/** Notes that the env file is created: its name may be a typing error. */
async function newFileNotes(
  { envFile }: Place,
  changes: readonly Change[],
): Promise<string[]> {
  const isWritten = changes.some(({ kind }) => kind.startsWith("write-"));
  return isWritten && !await statOf(envFile)
    ? [`${resolve(envFile)} does not exist yet: it is created`]
    : [];
}

/**
 * Finds out why the guarded changes cannot be made now, if the target exists.
 *
 * @throws {Error} If starting the function would not help, or if a target that is
 * already called would move to it.
 */
async function readTrouble(
  { probe, wait, start }: SetupOptions,
  { target, existing, changes }: Pick<
    SetupPlan,
    "target" | "existing" | "changes"
  >,
): Promise<string | undefined> {
  const guarded = changes.filter(({ isGuarded }) => isGuarded);
  const isAskedLater = existing === undefined || wait !== undefined || start;
  if (guarded.length === 0 || isAskedLater) return undefined;
  const { endpoint } = target!;
  const { signingKey } = existing;
  const trouble = await findTrouble({ endpoint, probe, signingKey });
  if (trouble === undefined) return undefined;
  const { seen, isNotYet, advice } = trouble;
  const isUpdated = guarded.some(({ kind }) => kind === "update-target");
  if (isNotYet && !isUpdated) return seen;
  throw new Error(
    isUpdated && existing.endpoint === endpoint
      ? `Cannot let logins depend on the function: ${seen}. Nothing was changed. ${advice}, or leave out --interrupt-on-error`
      : `Cannot bind the target: ${seen}. Nothing was changed${
        isUpdated ? `: the target stays at ${existing.endpoint}` : ""
      }. ${advice}`,
  );
}

/**
 * Chooses the target's settings; what the options leave out stays as it is.
 *
 * @returns `undefined` if the options are only about the mapping, the service
 * user or the env file.
 * @throws {UsageError} If a new target has no endpoint.
 */
function chooseTargetSettings(
  options: SetupOptions,
  existing: Target | undefined,
): TargetSettings | undefined {
  const { name, timeout, interruptOnError } = options;
  const isAboutOthers = options.roles !== undefined || options.serviceUser ||
    options.forCustomers || options.project.length > 0;
  const isAboutTarget = options.start || interruptOnError !== undefined ||
    isAboutMore(options);
  if (!isAboutTarget && isAboutOthers) return undefined;
  const endpoint = options.endpoint ?? existing?.endpoint;
  if (endpoint === undefined) {
    throw new UsageError(
      `--endpoint is missing: there is no target "${
        printable(name)
      }" yet, so where does the function answer?`,
    );
  }
  return {
    name,
    endpoint,
    timeoutSeconds: timeout ?? existing?.timeoutSeconds ??
      DEFAULT_TIMEOUT_SECONDS,
    interruptOnError: interruptOnError ?? existing?.interruptOnError ?? false,
  };
}

/** Whether an option is about the target, beside interruptOnError. */
function isAboutMore(
  { endpoint, probe, also, timeout, wait }: SetupOptions,
): boolean {
  return [endpoint, probe, also, timeout, wait].some((it) => it !== undefined);
}

/** `setup --no-interrupt-on-error` alone: it works at any time. */
function isEmergencyExit(options: SetupOptions): boolean {
  const { roles, serviceUser, start, forCustomers, project } = options;
  return options.interruptOnError === false && !serviceUser && !start &&
    !forCustomers && project.length === 0 && roles === undefined &&
    !isAboutMore(options);
}

/** Takes the target, and the second one of a rotation, out of conditions. */
function unbind(
  { name, unbind: words }: SetupOptions,
  { place, state, rotation }: Situation,
): SetupPlan {
  const ours = state.targets.filter((target) =>
    [name, rotation?.successor.name].includes(target.name)
  );
  if (ours.length === 0) throw new Error(`There is no target "${name}"`);
  const ids = ours.map(({ id }) => id);
  const changes = unbindChanges(place, state, ids, conditionsOf(words));
  return { changes, notes: [] };
}

function turnOff(
  place: Place,
  { predecessor, successor }: UnfinishedRotation,
): SetupPlan {
  return {
    changes: [predecessor, successor].flatMap((target) =>
      target?.interruptOnError
        ? [updateTargetChange(place, target, {
          ...target,
          interruptOnError: false,
        })]
        : []
    ),
    notes: ["a rotation is unfinished: run `deno task rotate` to finish it"],
  };
}

/** Refuses to change a target whose key is being rotated. */
function requireFinished(rotation: UnfinishedRotation | undefined): void {
  if (rotation === undefined) return;
  throw new Error(
    `A rotation of "${rotation.name}" is unfinished: run \`deno task rotate --name '${rotation.name}'\` first. Nothing was changed`,
  );
}

/** Refuses a second target that differs only in letter case. */
function requireSameName(targets: readonly Target[], name: string): void {
  const lower = name.toLowerCase();
  const similar = targets.find((it) => it.name.toLowerCase() === lower);
  if (similar === undefined) return;
  throw new Error(
    `There is no target "${name}", but there is "${similar.name}": run it with --name "${similar.name}", or choose a name that differs in more than letter case`,
  );
}

/** Refuses events for a target that ZITADEL sends none to. */
function requireJson(
  target: Target | undefined,
  conditions: readonly string[],
  { executions }: State,
): void {
  if (target === undefined || target.payloadType === "json") return;
  const isNew = conditions.some((condition) =>
    condition.startsWith("event/") &&
    !executions.some((it) =>
      it.condition === condition && it.targets.includes(target.id)
    )
  );
  if (!isNew) return;
  throw new Error(
    `Cannot bind "${target.name}" to events: its payload type is ${target.payloadType.toUpperCase()}, and ZITADEL delivers events only to targets whose payload type is JSON. Leave events out of --also, or create a second target for them in the console (Actions V2 > Targets, payload type JSON) and add its key to AUTHORIZATION_SIGNING_KEY`,
  );
}
