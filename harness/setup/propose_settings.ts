/**
 * What `setup` proposes for the env file: PROJECTS, and for an instance on which
 * customers have organizations of their own the other settings, too.
 *
 * @module
 */
import { UsageError } from "../cli/errors.ts";
import { splitKeys } from "../cli/env_file.ts";
import { list, nameOf } from "../doctor/names.ts";
import type { OwnedProject } from "../mapping/find_projects.ts";
import { fixedOrganization } from "../mapping/mapping_organization.ts";
import { joinPlans, NOTHING, type Planned } from "../plan/change.ts";
import type { Organization } from "../zitadel/organization.ts";
import {
  listApplications,
  listProjectGrants,
  TEMPORARY_APP_NAME,
} from "../zitadel/project.ts";
import type { SetupOptions } from "./command_line.ts";
import {
  findMappedProjects,
  findNamedProjects,
  type MappedProject,
} from "./role_projects.ts";
import type { Situation } from "./situation.ts";
import { addToSetting, settingChange } from "./write_setting.ts";

interface Found extends Situation {
  /** The metadata keys of the mapping. */
  readonly keys: readonly string[];
  /** The projects of the mapping's organization with roles that it names. */
  readonly mapped: readonly MappedProject[];
  /** The projects that the operator named. */
  readonly named: readonly string[];
}

/** Proposes settings, and finds out whom the mapping reaches with them. */
export async function proposeSettings(
  { project: named, projects, forCustomers }: SetupOptions,
  situation: Situation,
): Promise<Planned & { readonly isFruitless: boolean }> {
  const { place: { instance }, mapping, organization, state } = situation;
  const keys = [
    ...new Set([...mapping.keys(), ...state.metadata.map(({ key }) => key)]),
  ];
  const mapped = organization
    ? await findMappedProjects(instance, keys, [organization])
    : [];
  const found = { ...situation, keys, mapped, named };
  const { isFruitless, notes } = await judgeReach(found);
  const proposal = projects === false
    ? NOTHING
    : await propose(found, forCustomers);
  return { ...joinPlans([{ changes: [], notes }, proposal]), isFruitless };
}

/** How many projects' grants are looked at. */
const MAX_PROJECTS = 10;

/** Finds out whether users can get a permission by the mapping, and whose get none. */
async function judgeReach(
  found: Found,
): Promise<{ readonly isFruitless: boolean; readonly notes: string[] }> {
  const { place: { instance }, settings, organization } = found;
  const { keys, mapped, named } = found;
  if (organization === undefined) return { isFruitless: false, notes: [] };
  const because = (why: string) => ({
    isFruitless: true,
    notes: [`no user gets a permission: ${why}`],
  });
  if (keys.length === 0) {
    return because(
      `${nameOf(organization)} has no entries, and no --roles FILE is given`,
    );
  }
  const listed = splitKeys(settings.PROJECTS);
  const counts = ({ id }: MappedProject) =>
    listed.length === 0 || listed.includes(id) || named.includes(id);
  const projects = mapped.some(counts)
    ? mapped
    : await findMappedProjects(instance, keys);
  const names = list(projects.map(nameOf));
  if (projects.length === 0) {
    return because(
      `no project has a role of the mapping (${
        list(keys)
      }). Add them to your project (console: Projects > Roles), or correct the names`,
    );
  }
  if (!projects.some(counts)) {
    return because(
      `PROJECTS (${listed}) has none of the projects with these roles: ${names}`,
    );
  }
  const notes = await whoseUsersGetNothing(found, names);
  return { isFruitless: false, notes };
}

/** The function may read other organizations than the one that takes the entries. */
async function whoseUsersGetNothing(
  { place: { instance }, settings, mapped, ...found }: Found,
  names: string,
): Promise<string[]> {
  const organization = found.organization!;
  const { id } = organization;
  const fixed = fixedOrganization(settings);
  if (fixed !== undefined) {
    return fixed === id ? [] : [
      `the function reads the metadata of ${fixed} (METADATA_ORGANIZATION): these entries count once METADATA_ORGANIZATION=${id} is set and it is restarted`,
    ];
  }
  if (mapped.length === 0) {
    return [
      `no project of ${nameOf(organization)} has these roles, but ${names}`,
    ];
  }
  const granted = new Map<string, string>();
  for (const { id, owner } of mapped.slice(0, MAX_PROJECTS)) {
    for (const to of await listProjectGrants(instance, owner.id, id)) {
      granted.set(to.id, nameOf(to));
    }
  }
  const whose = settings.METADATA_ORGANIZATION?.trim() === "grant"
    ? "the organization that gave a grant"
    : "the user's own organization";
  return granted.size === 0 ? [] : [
    `the metadata of ${whose} counts, and ${names} is granted to ${
      list([...granted.values()])
    }: for them these entries do not count. METADATA_ORGANIZATION=${id} makes them count for all users`,
  ];
}

/**
 * Proposes PROJECTS: the projects that the operator named, and, if it is unset,
 * those of the mapping's organization that have mapped roles, unless each
 * organization has its own mapping: then its administrators could plant a project.
 * For customers, the other settings of that set-up too.
 *
 * @throws {UsageError} If a project does not exist, or none is known for customers.
 */
async function propose(
  found: Found,
  forCustomers: boolean,
): Promise<Planned> {
  const { place, settings, named, state: { env } } = found;
  const { instance } = place;
  const isOfAll = found.organization?.id === fixedOrganization(settings);
  const organization = isOfAll ? found.organization : undefined;
  const listed = splitKeys(env.PROJECTS);
  const mapped = organization ? found.mapped : [];
  const first = organization?.id;
  const chosen = [
    ...listed.length > 0 ? [] : mapped,
    ...await findNamedProjects(instance, "--project", named, first),
  ];
  const unlisted = mapped.filter(({ id }) =>
    listed.length > 0 && ![...listed, ...named].includes(id)
  );
  const projects: Planned = {
    changes: addToSetting(place, env, "PROJECTS", chosen),
    notes: unlisted.length === 0 ? [] : [
      `PROJECTS stays as it is (${listed}), so roles of ${
        list(unlisted.map(nameOf))
      } do not count although they are mapped: \`deno task setup ${
        unlisted.map(({ id }) => `--project ${id}`).join(" ")
      }\` adds it`,
    ],
  };
  if (!organization || !found.isNewlyFixed) return projects;
  const fixed = proposeOrganization(found, organization);
  if (!forCustomers) return joinPlans([fixed, projects]);
  const all = [
    ...await findNamedProjects(instance, "PROJECTS", listed, first),
    ...chosen,
  ];
  if (all.length === 0) {
    throw new UsageError(
      `--for-customers needs your projects, and no project of ${
        nameOf(organization)
      } has a role with an entry: name them with --project ID, or give the mapping with --roles FILE`,
    );
  }
  return joinPlans([
    fixed,
    projects,
    proposeGrantedBy(found, organization),
    await proposeApplications(found, all),
    noteOnly(
      "every API must check client_id beside aud, whatever is set here: at introspection ZITADEL names the API, not the client",
    ),
  ]);
}

function noteOnly(note: string): Planned {
  return { changes: [], notes: [note] };
}

function proposeOrganization(
  { place, state: { env: { METADATA_ORGANIZATION: former } } }: Found,
  organization: Organization,
): Planned {
  const { id } = organization;
  if (former === id) return NOTHING;
  const name = nameOf(organization);
  const notes = [
    `entries in the metadata of other organizations than ${name} do not count`,
  ];
  const change = settingChange(place, {
    name: "METADATA_ORGANIZATION",
    value: id,
    shown: former ? `${former} -> ${name}` : name,
    replaces: !!former,
  });
  return { changes: [change], notes };
}

function proposeGrantedBy(
  { place, settings, state: { env } }: Situation,
  organization: Organization,
): Planned {
  if (env.GRANTED_BY) return NOTHING;
  const isLabelled = settings.PERMISSIONS_SHAPE?.trim() === "by_organization" &&
    !settings.ROLES_CLAIM?.trim();
  if (isLabelled) {
    return noteOnly(
      "GRANTED_BY stays unset: with PERMISSIONS_SHAPE=by_organization the claim says which organization granted each permission",
    );
  }
  const user = { id: "user", name: "the user's own organization" };
  const changes = addToSetting(place, env, "GRANTED_BY", [user, organization]);
  return { changes, notes: [] };
}

async function proposeApplications(
  { place, state: { env, metadataApi } }: Situation,
  projects: readonly OwnedProject[],
): Promise<Planned> {
  if (metadataApi === "management_v1") {
    const then = env.APPLICATIONS
      ? "no person gets permissions until it is removed from the env file"
      : "it is left out";
    return noteOnly(
      `APPLICATIONS cannot work on v3, which does not name the application in its calls: ${then}`,
    );
  }
  const found = [];
  for (const { id, owner } of projects) {
    found.push(...await listApplications(place.instance, owner.id, id));
  }
  // SAML applications have no client id, and no limit applies to them.
  const applications = found.filter(({ clientId, name }) =>
    clientId && !name.startsWith(TEMPORARY_APP_NAME)
  ).map(({ clientId, name }) => ({ id: clientId, name }));
  if (applications.length === 0 && !env.APPLICATIONS) {
    return noteOnly(
      "APPLICATIONS stays unset: the projects have no applications yet. Run this again when they have",
    );
  }
  const changes = addToSetting(place, env, "APPLICATIONS", applications);
  return { changes, notes: [] };
}
