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
import { findUnfinishedRotation } from "../zitadel/unfinished_rotation.ts";
import { connectWithEnvFile } from "../zitadel/connect_as_admin.ts";
import { ownOrganization } from "../zitadel/organization.ts";
import type { Instance } from "../zitadel/client.ts";
import { listTargets } from "../zitadel/target.ts";
import {
  chooseOrganization,
  type MappingPlace,
} from "./choose_organization.ts";
import type { SetupOptions } from "./command_line.ts";
import { readState } from "./plan.ts";
import type { ServiceUserWish } from "./service_user.ts";

/** What was read, for set-up and removal. */
export type Situation = Awaited<ReturnType<typeof readSituation>>;

/** Reads what a set-up or a removal is planned from. */
export async function readSituation(
  options: SetupOptions,
  io: Pick<Io, "env" | "progress">,
) {
  const { envFile, roles, name } = options;
  const { mapping = new Map(), projects = new Set<string>() } = roles
    ? await readMappingFile(roles)
    : {};
  const connection = await connectWithEnvFile(envFile, io);
  const { domain, instance } = connection;
  io.progress(`reading ${instance.origin}`);
  const settings = { ...connection.settings };
  const found = await findPlace(options, { instance, settings, mapping });
  const organization = found?.organization;
  /** Whether METADATA_ORGANIZATION is to be set to it. */
  const isNewlyFixed = options.forCustomers || found?.isProposed === true;
  if (isNewlyFixed) settings.METADATA_ORGANIZATION = organization!.id;
  const fixed = fixedOrganization(settings);
  const place = { instance, organization: organization?.id, envFile };
  const serviceUser: ServiceUserWish = {
    ...options,
    // The least role that METADATA_ORGANIZATION needs.
    role: fixed === undefined ? "IAM_OWNER_VIEWER" : "ORG_OWNER_VIEWER",
    organization: fixed ?? (await ownOrganization(instance)).id,
  };
  const state = await readState(place);
  if (!options.remove) {
    const plan = planMapping(state.metadata, mapping, { prune: false });
    await requireProjects(place, plan, projects);
  }
  const rotation = findUnfinishedRotation(state, name);
  const why = found?.why;
  const mapped: Mapping = mapping;
  return {
    ...{ place, settings, domain, organization, why, isNewlyFixed },
    ...{ mapping: mapped, serviceUser, state, rotation },
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
  { instance, settings, mapping }: {
    readonly instance: Instance;
    readonly settings: Settings;
    readonly mapping: Mapping;
  },
): Promise<MappingPlace & { readonly isProposed?: boolean } | undefined> {
  const { org, remove, roles, forCustomers, name } = options;
  const isFixed = fixedOrganization(settings) !== undefined;
  const isNeeded = roles !== undefined || forCustomers || isFixed && !remove;
  if (!isNeeded) return undefined;
  if (remove) {
    return {
      organization: await findMappingOrganization(instance, { org, settings }),
    };
  }
  const isSetUp = (await listTargets(instance)).some((it) => it.name === name);
  const keys = [...mapping.keys()];
  const place = await chooseOrganization(instance, options, {
    ...{ settings, keys, isSetUp },
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
