/**
 * What `setup` proposes for the env file: PROJECTS, and for an instance on which
 * customers have organizations of their own the other settings, too.
 *
 * @module
 */
import { UsageError } from "../cli/errors.ts";
import { splitKeys } from "../cli/env_file.ts";
import type { Settings } from "../cli/settings.ts";
import { list, nameOf } from "../doctor/names.ts";
import { fixedOrganization } from "../roles/mapping_organization.ts";
import type { Instance } from "../zitadel/client.ts";
import {
  listOrganizations,
  type Organization,
  ownOrganization,
} from "../zitadel/organization.ts";
import {
  findProject,
  listApplications,
  listProjects,
  listRoles,
  TEMPORARY_APP_NAME,
} from "../zitadel/project.ts";
import type { Change, Place } from "./change.ts";
import type { State } from "./plan.ts";
import { addToSetting, settingChange } from "./write_setting.ts";

/** What is proposed for the env file, and what is left as it is. */
export interface Proposal {
  readonly changes: readonly Change[];
  readonly notes: readonly string[];
}

export interface ProposalWish {
  /**
   * The organization that holds the mapping for all users; `undefined` if each
   * organization has its own: then its administrators could plant a project.
   */
  readonly organization: Organization | undefined;
  /** The metadata keys of the mapping. */
  readonly keys: readonly string[];
  /** The projects that the operator named. */
  readonly named: readonly string[];
  readonly forCustomers: boolean;
  /** The settings of the env file and the environment. */
  readonly settings: Settings;
  readonly state: Pick<State, "env" | "metadataApi">;
}

/** A project and the organization that owns it. */
interface OwnedProject {
  readonly id: string;
  readonly name: string;
  readonly organization: string;
}

/**
 * Chooses whose metadata is to hold the mapping for all users: the organization
 * that the operator names, else the one that owns the projects, else the token's
 * own.
 *
 * @throws {UsageError} If the projects belong to several organizations.
 */
export async function chooseOrganization(
  instance: Instance,
  { org, settings, named }: {
    readonly org: string | undefined;
    readonly settings: Settings;
    readonly named: readonly string[];
  },
): Promise<string> {
  const given = org ?? fixedOrganization(settings);
  if (given !== undefined) return given;
  const projects = [
    ...await findProjects(instance, named, "--project"),
    ...await findProjects(instance, splitKeys(settings.PROJECTS), "PROJECTS"),
  ];
  const owners = new Set(projects.map(({ organization }) => organization));
  if (owners.size > 1) {
    throw new UsageError(
      "The projects belong to several organizations: name the one whose metadata holds the mapping with --org",
    );
  }
  const [owner] = owners;
  return owner ?? (await ownOrganization(instance)).id;
}

/**
 * Proposes PROJECTS: the projects that the operator named, and, if it is unset,
 * those of the mapping's organization that have mapped roles. For customers, the
 * other settings of that set-up too.
 *
 * @throws {UsageError} If a project does not exist, or none is known for customers.
 */
export async function proposeSettings(
  place: Place,
  wish: ProposalWish,
): Promise<Proposal> {
  const { instance } = place;
  const { organization, keys, named, state: { env } } = wish;
  const listed = splitKeys(env.PROJECTS);
  const mapped = organization
    ? await findMappedProjects(instance, organization.id, new Set(keys))
    : [];
  const first = organization?.id;
  const chosen = [
    ...listed.length > 0 ? [] : mapped,
    ...await findProjects(instance, named, "--project", first),
  ];
  const unlisted = mapped.filter(({ id }) =>
    listed.length > 0 && ![...listed, ...named].includes(id)
  );
  const proposal: Proposal = {
    changes: addToSetting(place, env, "PROJECTS", chosen),
    notes: unlisted.length === 0 ? [] : [
      `PROJECTS stays as it is (${listed}); ${
        list(unlisted.map(nameOf))
      } with mapped roles would be added by ${
        unlisted.map(({ id }) => `--project ${id}`).join(" ")
      }`,
    ],
  };
  if (!wish.forCustomers || organization === undefined) return proposal;
  const projects = [
    ...await findProjects(instance, listed, "PROJECTS", first),
    ...chosen,
  ];
  if (projects.length === 0) {
    throw new UsageError(
      `--for-customers needs your projects, and no project of ${
        nameOf(organization)
      } has a role with an entry: name them with --project ID, or give the mapping with --roles FILE`,
    );
  }
  const parts = [
    proposal,
    proposeOrganization(place, wish, organization),
    proposeGrantedBy(place, wish, organization),
    await proposeApplications(place, wish, projects),
  ];
  return {
    changes: parts.flatMap(({ changes }) => changes),
    notes: [
      ...parts.flatMap(({ notes }) => notes),
      "every API must check client_id beside aud, whatever is set here: at introspection ZITADEL names the API, not the client",
    ],
  };
}

function proposeOrganization(
  place: Place,
  { state: { env }, keys }: ProposalWish,
  organization: Organization,
): Proposal {
  const { METADATA_ORGANIZATION: former } = env;
  const { id } = organization;
  const name = nameOf(organization);
  if (former === id) return { changes: [], notes: [] };
  const change = settingChange(place, {
    name: "METADATA_ORGANIZATION",
    value: id,
    shown: former ? `${former} -> ${name}` : name,
    replaces: !!former,
  });
  const notes = [
    `entries in the metadata of other organizations than ${name} no longer count`,
    ...keys.length > 0 ? [] : [
      `${name} has no entries yet: until it has (--roles FILE), no role grants anything`,
    ],
  ];
  return { changes: [change], notes };
}

function proposeGrantedBy(
  place: Place,
  { state: { env }, settings }: ProposalWish,
  organization: Organization,
): Proposal {
  if (env.GRANTED_BY) return { changes: [], notes: [] };
  const isLabelled = settings.PERMISSIONS_SHAPE?.trim() === "by_organization" &&
    !settings.ROLES_CLAIM?.trim();
  if (isLabelled) {
    return {
      changes: [],
      notes: [
        "GRANTED_BY stays unset: with PERMISSIONS_SHAPE=by_organization the claim says which organization granted each permission",
      ],
    };
  }
  const user = { id: "user", name: "the user's own organization" };
  const granting = [user, organization];
  return {
    changes: addToSetting(place, env, "GRANTED_BY", granting),
    notes: [],
  };
}

async function proposeApplications(
  place: Place,
  { state: { env, metadataApi } }: ProposalWish,
  projects: readonly OwnedProject[],
): Promise<Proposal> {
  if (metadataApi === "management_v1") {
    const then = env.APPLICATIONS
      ? "no person gets permissions until it is removed from the env file"
      : "it is left out";
    return {
      changes: [],
      notes: [
        `APPLICATIONS cannot work on v3, which does not name the application in its calls: ${then}`,
      ],
    };
  }
  const found = [];
  for (const { id, organization } of projects) {
    found.push(...await listApplications(place.instance, organization, id));
  }
  // SAML applications have no client id, and no limit applies to them.
  const applications = found.filter(({ clientId, name }) =>
    clientId && !name.startsWith(TEMPORARY_APP_NAME)
  ).map(({ clientId, name }) => ({ id: clientId, name }));
  const isUnset = applications.length === 0 && !env.APPLICATIONS;
  return {
    changes: addToSetting(place, env, "APPLICATIONS", applications),
    notes: isUnset
      ? [
        "APPLICATIONS stays unset: the projects have no applications yet. Run this again when they have",
      ]
      : [],
  };
}

/** Finds the projects of an organization that have roles which its mapping names. */
async function findMappedProjects(
  instance: Instance,
  organization: string,
  keys: ReadonlySet<string>,
): Promise<OwnedProject[]> {
  const found: OwnedProject[] = [];
  for (const { id, name } of await listProjects(instance, organization)) {
    const roles = await listRoles(instance, organization, id);
    if (roles.some((it) => keys.has(it) || keys.has(`${id}:${it}`))) {
      found.push({ id, name, organization });
    }
  }
  return found;
}

/**
 * Finds projects by their ids, each by asking in the organization that owns it.
 *
 * @throws {UsageError} If one does not exist: a tenant could create a project
 * with this id.
 */
async function findProjects(
  instance: Instance,
  ids: readonly string[],
  /** The option or setting that names them. */
  from: string,
  /** The organization to look in first. */
  first?: string,
): Promise<OwnedProject[]> {
  if (ids.length === 0) return [];
  const all = (await listOrganizations(instance)).map(({ id }) => id);
  const organizations = new Set(first ? [first, ...all] : all);
  const found: OwnedProject[] = [];
  next: for (const id of ids) {
    for (const organization of organizations) {
      const project = await findProject(instance, organization, id);
      if (!project) continue;
      found.push({ id, name: project.name, organization });
      continue next;
    }
    throw new UsageError(`${from} ${id}: there is no such project`);
  }
  return found;
}
