import type { Io } from "../cli/io.ts";
import type { Settings } from "../cli/settings.ts";
import { splitKeys } from "../cli/env_file.ts";
import {
  findMappingOrganization,
  fixedOrganization,
} from "../roles/mapping_organization.ts";
import type { Mapping } from "../roles/parse_roles.ts";
import { readMappingFile } from "../roles/roles_file.ts";
import { findUnfinishedRotation } from "../rotate/unfinished_rotation.ts";
import type { Instance } from "../zitadel/client.ts";
import { connectWithEnvFile } from "../zitadel/connect_as_admin.ts";
import { type Organization, ownOrganization } from "../zitadel/organization.ts";
import type { Target, TargetSettings } from "../zitadel/target.ts";
import { findTrouble } from "./check_function.ts";
import { conditionsOf } from "./conditions.ts";
import { separateGuarded } from "./guarded_changes.ts";
import { removalNotes, setupNotes } from "./notes.ts";
import {
  type Change,
  planRemoval,
  planSetup,
  type State,
  type Wish,
} from "./plan.ts";
import type { ServiceUserWish } from "./plan_service_user.ts";
import { chooseOrganization } from "./propose_for_customers.ts";
import type { Proposal } from "./proposal.ts";
import { proposeSettings } from "./propose_settings.ts";
import { readServiceUser } from "./read_service_user.ts";
import { type Place, readState } from "./setup.ts";
import type { SetupOptions } from "./setup_options.ts";
import { requireFinished, requireJson, requireSameName } from "./refusals.ts";
import { chooseTargetSettings } from "./target_settings.ts";

/** The changes, and what keeps some of them from being made now. */
export interface Plan {
  readonly place: Place;
  readonly settings: Settings;
  /** The organization that takes the mapping. */
  readonly organization: Organization | undefined;
  readonly state: State;
  readonly target: TargetSettings | undefined;
  /** The target of that name, if it exists. */
  readonly existing: Target | undefined;
  /** Changes that need a function that accepts the target's key. */
  readonly guarded: readonly Change[];
  /** All other changes. */
  readonly safe: readonly Change[];
  /** What stays as it is, although it matters. */
  readonly notes: readonly string[];
  /** Why the guarded changes cannot be made now. */
  readonly trouble: string | undefined;
  /** Whether interruptOnError is off, and the operator is to decide about it. */
  readonly isInterruptOpen?: boolean;
}

/** What was read before the state, and applies to set-up and removal. */
interface Context {
  readonly options: SetupOptions;
  readonly settings: Settings;
  readonly domain: string;
  readonly instance: Instance;
  readonly mapping: Mapping;
  readonly organization: Organization | undefined;
}

/** Reads everything, and works out what to change. Changes nothing. */
export async function readPlan(
  options: SetupOptions,
  io: Pick<Io, "env" | "progress">,
): Promise<Plan> {
  const { envFile, roles, org } = options;
  const mapping: Mapping = roles === undefined
    ? new Map()
    : await readMappingFile(roles);
  const { settings: given, domain, instance } = await connectWithEnvFile(
    envFile,
    io,
  );
  io.progress(`reading ${instance.origin}`);
  const settings = options.forCustomers
    ? {
      ...given,
      METADATA_ORGANIZATION: await chooseOrganization(instance, {
        org,
        settings: given,
        named: options.project,
      }),
    }
    : given;
  const needsOrganization = roles !== undefined ||
    fixedOrganization(settings) !== undefined && !options.remove;
  const organization = needsOrganization
    ? await findMappingOrganization(instance, { org, settings })
    : undefined;
  const context = {
    options,
    settings,
    domain,
    instance,
    mapping,
    organization,
  };
  const place = { instance, organization: organization?.id, envFile };
  const wish = serviceUserWish(context, await ownOrganization(instance));
  const looksForUser = options.remove || options.serviceUser;
  const state: State = {
    ...await readState(place),
    serviceUser: looksForUser
      ? await readServiceUser(instance, envFile, wish)
      : undefined,
  };
  const plan = options.remove
    ? planFromRemoval(context, state)
    : await planFromSetup(context, state, wish);
  io.progress();
  return { place, settings, organization, state, ...plan };
}

type Planned = Omit<Plan, "place" | "settings" | "organization" | "state">;

function planFromRemoval(
  { options, mapping }: Context,
  state: State,
): Planned {
  const { name } = options;
  const rotation = unfinishedRotation(state, name);
  const names = rotation ? [name, rotation.successor.name] : name;
  return {
    target: undefined,
    existing: undefined,
    safe: planRemoval(state, { name: names, mapping }),
    guarded: [],
    notes: rotation
      ? removalNotes(state, { name: rotation.successor.name, mapping })
      : removalNotes(state, { name, mapping }),
    trouble: undefined,
  };
}

async function planFromSetup(
  context: Context,
  state: State,
  serviceUser: ServiceUserWish,
): Promise<Planned> {
  const { options, mapping, domain } = context;
  const { name, force, prune } = options;
  const rotation = unfinishedRotation(state, name);
  const existing = state.targets.find((target) => target.name === name) ??
    rotation?.successor;
  if (rotation && isEmergencyExit(options)) {
    return turnOff([rotation.predecessor, rotation.successor]);
  }
  if (existing === undefined) requireSameName(state.targets, name);
  const target = chooseTargetSettings(options, existing);
  if (target !== undefined) requireFinished(rotation);
  const conditions = conditionsOf(options.also ?? "");
  requireJson(existing, conditions, state);
  const proposal = await propose(context, state);
  const wish: Wish = {
    target,
    conditions,
    mapping,
    prune,
    force,
    domain,
    serviceUser: options.serviceUser ? serviceUser : undefined,
    settings: proposal.settings,
  };
  const changes = planSetup(state, wish);
  const { safe, guarded } = separateGuarded(changes, state);
  const isWaiting = options.wait !== undefined || options.start;
  const trouble = guarded.length === 0 || existing === undefined || isWaiting
    ? undefined
    : await findTrouble({
      endpoint: target!.endpoint,
      signingKey: existing.signingKey,
    }, guarded);
  const notes = [...setupNotes(state, wish), ...proposal.notes];
  const called = target ?? existing;
  const isOpen = options.forCustomers && options.interruptOnError === undefined;
  if (isOpen && called === undefined) {
    notes.push(
      `there is no target "${name}" yet: run this again with --endpoint, to decide about interruptOnError`,
    );
  }
  return {
    target,
    existing,
    safe,
    guarded,
    notes,
    trouble,
    isInterruptOpen: isOpen && called?.interruptOnError === false,
  };
}

/** `setup --no-interrupt-on-error` alone: it works at any time. */
function isEmergencyExit(options: SetupOptions): boolean {
  const { endpoint, also, timeout, roles, serviceUser, start, wait } = options;
  return options.interruptOnError === false && !serviceUser && !start &&
    !options.forCustomers && options.project.length === 0 &&
    [endpoint, also, timeout, roles, wait].every((it) => it === undefined);
}

function turnOff(targets: readonly (Target | undefined)[]): Planned {
  const safe = targets.flatMap((target): Change[] =>
    target?.interruptOnError
      ? [{
        kind: "update-target",
        id: target.id,
        from: target,
        settings: { ...target, interruptOnError: false },
      }]
      : []
  );
  return {
    target: undefined,
    existing: undefined,
    safe,
    guarded: [],
    notes: ["a rotation is unfinished: run `deno task rotate` to finish it"],
    trouble: undefined,
  };
}

function unfinishedRotation(
  { targets, executions, signingKeys }: State,
  name: string,
) {
  const envKeys = splitKeys(signingKeys);
  return findUnfinishedRotation({ targets, executions, envKeys }, name);
}

/** The least role that METADATA_ORGANIZATION needs. */
function serviceUserWish(
  { options, settings }: Context,
  own: Organization,
): ServiceUserWish {
  const fixed = fixedOrganization(settings);
  return {
    name: options.serviceUserName,
    role: fixed === undefined ? "IAM_OWNER_VIEWER" : "ORG_OWNER_VIEWER",
    organization: fixed ?? own.id,
    credential: options.credential,
    days: options.credentialDays,
  };
}

async function propose(
  { options, settings, instance, mapping, organization }: Context,
  state: State,
): Promise<Proposal> {
  if (options.projects === false || isEmergencyExit(options)) {
    return { settings: [], notes: [] };
  }
  const isOfAll = organization !== undefined &&
    organization.id === fixedOrganization(settings);
  return await proposeSettings(instance, {
    organization: isOfAll ? organization : undefined,
    keys: [...mapping.keys(), ...state.metadata.map(({ key }) => key)],
    named: options.project,
    forCustomers: options.forCustomers,
    settings,
    state,
  });
}
