import { resolve } from "node:path";
import { statOf } from "../cli/env_file.ts";
import { UsageError } from "../cli/errors.ts";
import type { Io } from "../cli/io.ts";
import type { Settings } from "../cli/settings.ts";
import { printable } from "../cli/terminal.ts";
import {
  findMappingOrganization,
  fixedOrganization,
} from "../roles/mapping_organization.ts";
import type { Mapping } from "../roles/parse_roles.ts";
import { planMapping } from "../roles/plan_mapping.ts";
import { requireProjects } from "../roles/require_projects.ts";
import { readMappingFile } from "../roles/roles_file.ts";
import {
  findUnfinishedRotation,
  type UnfinishedRotation,
} from "../rotate/unfinished_rotation.ts";
import { connectWithEnvFile } from "../zitadel/connect_as_admin.ts";
import { type Organization, ownOrganization } from "../zitadel/organization.ts";
import type { Target, TargetSettings } from "../zitadel/target.ts";
import type { Change, Place } from "./change.ts";
import { findTrouble } from "./check_function.ts";
import { conditionsOf, type SetupOptions } from "./command_line.ts";
import { removalNotes, setupNotes } from "./notes.ts";
import {
  planRemoval,
  planSetup,
  readState,
  type State,
  type Wish,
} from "./plan.ts";
import { chooseOrganization, proposeSettings } from "./propose_settings.ts";
import {
  planServiceUser,
  planServiceUserRemoval,
  readServiceUser,
  type ServiceUserWish,
} from "./service_user.ts";
import { bindChange, updateTargetChange } from "./target_changes.ts";

/** What a new target gets without `--timeout`, in seconds: ZITADEL's own default. */
const DEFAULT_TIMEOUT_SECONDS = 10;

/** The changes, and what keeps some of them from being made now. */
export interface Plan extends Situation {
  readonly target?: TargetSettings | undefined;
  /** The target of that name, if it exists. */
  readonly existing?: Target | undefined;
  readonly changes: readonly Change[];
  /** What stays as it is, although it matters. */
  readonly notes: readonly string[];
  /** Why the guarded changes cannot be made now. */
  readonly trouble?: string | undefined;
  /** Whether interruptOnError is off, and the operator is to decide about it. */
  readonly isInterruptOpen?: boolean;
}

const NO_ROLES = {
  mapping: new Map<string, string[]>(),
  projects: new Set<string>(),
} as const;

/** What was read, for set-up and removal. */
interface Situation {
  readonly place: Place;
  readonly settings: Settings;
  readonly domain: string;
  readonly mapping: Mapping;
  /** The organization that takes the mapping. */
  readonly organization: Organization | undefined;
  readonly serviceUser: ServiceUserWish;
  readonly state: State;
  readonly rotation: UnfinishedRotation | undefined;
}

/** Reads everything, and works out what to change. Changes nothing. */
export async function readPlan(
  options: SetupOptions,
  io: Pick<Io, "env" | "progress">,
): Promise<Plan> {
  const situation = await readSituation(options, io);
  const plan = options.remove
    ? await planFromRemoval(options, situation)
    : await planFromSetup(options, situation);
  io.progress();
  return { ...situation, ...plan };
}

async function readSituation(
  options: SetupOptions,
  io: Pick<Io, "env" | "progress">,
): Promise<Situation> {
  const { envFile, roles, org, name } = options;
  const { mapping, projects } = roles === undefined
    ? NO_ROLES
    : await readMappingFile(roles);
  const connection = await connectWithEnvFile(envFile, io);
  const { domain, instance } = connection;
  io.progress(`reading ${instance.origin}`);
  const settings = { ...connection.settings };
  if (options.forCustomers) {
    settings.METADATA_ORGANIZATION = await chooseOrganization(instance, {
      org,
      settings,
      named: options.project,
    });
  }
  const fixed = fixedOrganization(settings);
  const needsOrganization = roles !== undefined ||
    fixed !== undefined && !options.remove;
  const organization = needsOrganization
    ? await findMappingOrganization(instance, { org, settings })
    : undefined;
  const place = { instance, organization: organization?.id, envFile };
  // The least role that METADATA_ORGANIZATION needs.
  const serviceUser: ServiceUserWish = {
    name: options.serviceUserName,
    role: fixed === undefined ? "IAM_OWNER_VIEWER" : "ORG_OWNER_VIEWER",
    organization: fixed ?? (await ownOrganization(instance)).id,
    credential: options.credential,
    days: options.credentialDays,
  };
  const state = await readState(place);
  if (!options.remove) {
    const plan = planMapping(state.metadata, mapping, { prune: false });
    await requireProjects(place, plan, projects);
  }
  return {
    place,
    settings,
    domain,
    mapping,
    organization,
    serviceUser,
    state,
    rotation: findUnfinishedRotation(state, name),
  };
}

type Planned = Omit<Plan, keyof Situation>;

async function planFromRemoval(
  { name }: SetupOptions,
  { place, state, rotation, mapping, serviceUser }: Situation,
): Promise<Planned> {
  const successor = rotation?.successor.name;
  const found = await readServiceUser(place, serviceUser);
  const others = planServiceUserRemoval(place, found, serviceUser);
  const names = successor ? [name, successor] : [name];
  const changes = planRemoval(place, state, { names, mapping, others });
  return {
    // Nothing that is taken away needs the function.
    changes: changes.map((change) => ({ ...change, isGuarded: false })),
    notes: removalNotes(state, { name: successor ?? name, mapping }),
  };
}

async function planFromSetup(
  options: SetupOptions,
  situation: Situation,
): Promise<Planned> {
  const { name, force, prune, serviceUser: wantsUser } = options;
  const { place, state, rotation, mapping, domain, serviceUser } = situation;
  const existing = state.targets.find((target) => target.name === name) ??
    rotation?.successor;
  if (rotation && isEmergencyExit(options)) return turnOff(place, rotation);
  if (existing === undefined) requireSameName(state.targets, name);
  if (options.unbind) return unbind(options, situation);
  const target = chooseTargetSettings(options, existing);
  if (target !== undefined) requireFinished(rotation);
  const conditions = conditionsOf(["preaccesstoken", ...options.also ?? []]);
  requireJson(existing, conditions, state);
  const user = wantsUser
    ? await readServiceUser(place, serviceUser)
    : undefined;
  const proposal = await propose(options, situation);
  const wish: Wish = {
    target,
    conditions,
    mapping,
    prune,
    force,
    domain,
    others: [
      ...user ? planServiceUser(place, user, serviceUser) : [],
      ...proposal.changes,
    ],
  };
  const changes = planSetup(place, state, wish);
  const guarded = changes.filter(({ isGuarded }) => isGuarded);
  const isUpdated = guarded.some(({ kind }) => kind === "update-target");
  const isWaiting = options.wait !== undefined || options.start;
  const trouble = guarded.length === 0 || existing === undefined || isWaiting
    ? undefined
    : await findTrouble(
      { endpoint: target!.endpoint, signingKey: existing.signingKey },
      isUpdated ? existing.endpoint : undefined,
    );
  const notes = [...setupNotes(state, wish), ...proposal.notes];
  const isWritten = changes.some(({ kind }) => kind.startsWith("write-"));
  if (isWritten && !await statOf(place.envFile)) {
    notes.push(`${resolve(place.envFile)} does not exist yet: it is created`);
  }
  const called = target ?? existing;
  const isOpen = options.forCustomers && options.interruptOnError === undefined;
  if (isOpen && called === undefined) {
    notes.push(
      `there is no target "${name}" yet: run this again with --endpoint, to decide about interruptOnError`,
    );
  }
  const isInterruptOpen = isOpen && called?.interruptOnError === false;
  return { target, existing, changes, notes, trouble, isInterruptOpen };
}

async function propose(
  options: SetupOptions,
  { place, settings, mapping, organization, state }: Situation,
) {
  if (options.projects === false || isEmergencyExit(options)) {
    return { changes: [], notes: [] };
  }
  const isOfAll = organization?.id === fixedOrganization(settings);
  return await proposeSettings(place, {
    organization: isOfAll ? organization : undefined,
    keys: [...mapping.keys(), ...state.metadata.map(({ key }) => key)],
    named: options.project,
    forCustomers: options.forCustomers,
    settings,
    state,
  });
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
function isAboutMore({ endpoint, also, timeout, wait }: SetupOptions): boolean {
  return [endpoint, also, timeout, wait].some((it) => it !== undefined);
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
): Planned {
  const ours = state.targets.filter((target) =>
    [name, rotation?.successor.name].includes(target.name)
  );
  if (ours.length === 0) throw new Error(`There is no target "${name}"`);
  const conditions = conditionsOf(words);
  const changes = state.executions.flatMap(({ condition, targets: from }) => {
    const to = from.filter((id) => !ours.some((it) => it.id === id));
    return conditions.includes(condition) && to.length < from.length
      ? [bindChange(place, { condition, from, to }, state.targets)]
      : [];
  });
  return {
    changes: changes.map((change) => ({ ...change, isGuarded: false })),
    notes: [],
  };
}

function turnOff(
  place: Place,
  { predecessor, successor }: UnfinishedRotation,
): Planned {
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
