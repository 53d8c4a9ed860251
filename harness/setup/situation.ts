import type { Io } from "../cli/io.ts";
import { fixedOrganization } from "../mapping/mapping_organization.ts";
import type { ParsedRoles } from "../mapping/parse_roles.ts";
import { NO_ENTRIES, planMapping } from "../roles/plan_mapping.ts";
import { requireProjects } from "../roles/require_projects.ts";
import { readMappingFile } from "../mapping/roles_file.ts";
import { findUnfinishedRotation } from "../zitadel/unfinished_rotation.ts";
import { connectWithEnvFile } from "../zitadel/connect_as_admin.ts";
import { ownOrganization } from "../zitadel/organization.ts";
import { findPlace } from "./find_place.ts";
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
  const { envFile, roles, name, remove, prune } = options;
  const { mapping, projects }: Omit<ParsedRoles, "problems"> = roles
    ? await readMappingFile(roles)
    : { mapping: new Map(), projects: new Set() };
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
  const entries = roles && !remove
    ? planMapping(state.metadata, mapping, { prune })
    : NO_ENTRIES;
  await requireProjects(place, entries, projects);
  const rotation = findUnfinishedRotation(state, name);
  return {
    place,
    settings,
    domain,
    mapping,
    entries,
    serviceUser,
    state,
    rotation,
    organization,
    why: found?.why,
    isNewlyFixed,
  };
}
