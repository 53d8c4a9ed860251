import { UsageError } from "../cli/errors.ts";
import type { Io } from "../cli/io.ts";
import type { Settings } from "../cli/settings.ts";
import {
  findMappingOrganization,
  fixedOrganization,
} from "../mapping/mapping_organization.ts";
import type { Mapping } from "../mapping/parse_roles.ts";
import { planMapping } from "../roles/plan_mapping.ts";
import { requireProjects } from "../roles/require_projects.ts";
import { readMappingFile } from "../mapping/roles_file.ts";
import {
  findUnfinishedRotation,
  type UnfinishedRotation,
} from "../zitadel/unfinished_rotation.ts";
import { connectWithEnvFile } from "../zitadel/connect_as_admin.ts";
import { type Organization, ownOrganization } from "../zitadel/organization.ts";
import type { Instance } from "../zitadel/client.ts";
import {
  listTargets,
  type Target,
  type TargetSettings,
} from "../zitadel/target.ts";
import type { Change, Place } from "../plan/change.ts";
import type { SetupOptions } from "./command_line.ts";
import { readState, type State } from "./plan.ts";
import {
  chooseOrganization,
  type MappingPlace,
} from "./choose_organization.ts";
import type { ServiceUserWish } from "./service_user.ts";

/** What was read, for set-up and removal. */
export interface Situation {
  readonly place: Place;
  readonly settings: Settings;
  readonly domain: string;
  readonly mapping: Mapping;
  /** The organization that takes the mapping. */
  readonly organization: Organization | undefined;
  /** Why that one; `undefined` if the operator named it. */
  readonly why: string | undefined;
  /** Whether METADATA_ORGANIZATION is to be set to it. */
  readonly isNewlyFixed: boolean;
  readonly serviceUser: ServiceUserWish;
  readonly state: State;
  readonly rotation: UnfinishedRotation | undefined;
}

/** The changes, and what keeps some of them from being made now. */
export interface Planned {
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
  /** Whether no user could get a permission; the notes say why. */
  readonly isFruitless?: boolean;
  /** Of a removal: whether something that is live stays. */
  readonly isIncomplete?: boolean;
}

export type Plan = Situation & Planned;

const NO_ROLES = {
  mapping: new Map<string, string[]>(),
  projects: new Set<string>(),
} as const;

/** Reads what a set-up or a removal is planned from. */
export async function readSituation(
  options: SetupOptions,
  io: Pick<Io, "env" | "progress">,
): Promise<Situation> {
  const { envFile, roles, name } = options;
  const { mapping, projects } = roles === undefined
    ? NO_ROLES
    : await readMappingFile(roles);
  const connection = await connectWithEnvFile(envFile, io);
  const { domain, instance } = connection;
  io.progress(`reading ${instance.origin}`);
  const settings = { ...connection.settings };
  const found = await findPlace(options, { instance, settings, mapping });
  const organization = found?.organization;
  const isNewlyFixed = options.forCustomers || found?.isProposed === true;
  if (isNewlyFixed) settings.METADATA_ORGANIZATION = organization!.id;
  const fixed = fixedOrganization(settings);
  const place = { instance, organization: organization?.id, envFile };
  // The least role that METADATA_ORGANIZATION needs.
  const serviceUser: ServiceUserWish = {
    target: name,
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
    why: found?.why,
    isNewlyFixed,
    serviceUser,
    state,
    rotation: findUnfinishedRotation(state, name),
  };
}

/**
 * Finds whose metadata is touched. If a first set-up finds the project that has
 * the roles, and METADATA_ORGANIZATION is unset, its owner becomes the organization
 * for all users: by default the function reads each user's own, which on an
 * instance with customers is another one.
 */
async function findPlace(
  options: SetupOptions,
  { instance, settings, mapping }: Pick<Situation, "settings" | "mapping"> & {
    readonly instance: Instance;
  },
): Promise<MappingPlace & { readonly isProposed?: boolean } | undefined> {
  const { org, remove, roles, forCustomers, project, name } = options;
  const isFixed = fixedOrganization(settings) !== undefined;
  const isNeeded = roles !== undefined || forCustomers || isFixed && !remove;
  if (!isNeeded) return undefined;
  if (remove) {
    return {
      organization: await findMappingOrganization(instance, { org, settings }),
    };
  }
  const isSetUp = (await listTargets(instance)).some((it) => it.name === name);
  const place = await chooseOrganization(instance, {
    org,
    settings,
    named: project,
    keys: [...mapping.keys()],
    isSetUp,
  });
  if (place.isGuessed && options.yes && !options.dryRun) {
    const { id, name } = place.organization;
    throw new UsageError(
      `With --yes, name the organization whose metadata takes the mapping: --org ${id} for ${name} (${place.why})`,
    );
  }
  const isFirst = !isSetUp && options.endpoint !== undefined &&
    !settings.METADATA_ORGANIZATION?.trim();
  return { ...place, isProposed: isFirst && place.ownsProjects === true };
}
