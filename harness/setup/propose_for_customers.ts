/**
 * The set-up for an instance on which customers have organizations of their own.
 *
 * @module
 */
import { UsageError } from "../cli/errors.ts";
import { splitKeys } from "../cli/env_file.ts";
import type { Settings } from "../cli/settings.ts";
import { nameOf } from "../doctor/names.ts";
import { fixedOrganization } from "../roles/mapping_organization.ts";
import type { Instance } from "../zitadel/client.ts";
import { type Organization, ownOrganization } from "../zitadel/organization.ts";
import { listApplications, TEMPORARY_APP_NAME } from "../zitadel/project.ts";
import { addToList } from "./add_to_list.ts";
import type { SettingChange } from "./change.ts";
import { findProjects, type OwnedProject } from "./propose_projects.ts";
import type { Proposal, ProposalWish } from "./proposal.ts";

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
    ...await findProjects(instance, named, { from: "--project" }),
    ...await findProjects(instance, splitKeys(settings.PROJECTS), {
      from: "PROJECTS",
    }),
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

/** Proposes the settings beside PROJECTS. */
export async function proposeForCustomers(
  instance: Instance,
  { organization, keys, projects, settings, state }: ProposalWish & {
    readonly organization: Organization;
    /** All that PROJECTS will list. */
    readonly projects: readonly OwnedProject[];
  },
): Promise<Proposal> {
  const parts = [
    proposeOrganization(state.env, organization, keys.length > 0),
    proposeGrantedBy(state.env, organization, settings),
    state.metadataApi === "management_v1"
      ? leaveOutApplications(state.env)
      : proposeApplications(
        state.env,
        await applicationsOf(instance, projects),
      ),
  ];
  return {
    settings: parts.flatMap(({ settings }) => settings),
    notes: [
      ...parts.flatMap(({ notes }) => notes),
      "every API must check client_id beside aud, whatever is set here: at introspection ZITADEL names the API, not the client",
    ],
  };
}

function proposeOrganization(
  env: Settings,
  organization: Organization,
  hasMapping: boolean,
): Proposal {
  const name = "METADATA_ORGANIZATION";
  const { id } = organization;
  const former = env[name];
  if (former === id) return { settings: [], notes: [] };
  return {
    settings: [{
      kind: "write-setting",
      name,
      value: id,
      shown: former
        ? `${former} -> ${nameOf(organization)}`
        : nameOf(organization),
      replaces: !!former,
    }],
    notes: [
      `entries in the metadata of other organizations than ${
        nameOf(organization)
      } no longer count`,
      ...hasMapping ? [] : [
        `${
          nameOf(organization)
        } has no entries yet: until it has (--roles FILE), no role grants anything`,
      ],
    ],
  };
}

function proposeGrantedBy(
  env: Settings,
  organization: Organization,
  { PERMISSIONS_SHAPE, ROLES_CLAIM }: Settings,
): Proposal {
  const name = "GRANTED_BY";
  if (env[name]) return { settings: [], notes: [] };
  if (PERMISSIONS_SHAPE?.trim() === "by_organization" && !ROLES_CLAIM?.trim()) {
    return {
      settings: [],
      notes: [
        "GRANTED_BY stays unset: with PERMISSIONS_SHAPE=by_organization the claim says which organization granted each permission",
      ],
    };
  }
  const user = { id: "user", name: "the user's own organization" };
  return {
    settings: addToList(env, name, [user, organization]),
    notes: [],
  };
}

function leaveOutApplications({ APPLICATIONS }: Settings): Proposal {
  const why =
    "APPLICATIONS cannot work on v3, which does not name the application in its calls";
  return {
    settings: [],
    notes: [
      APPLICATIONS
        ? `${why}: no person gets permissions until it is removed from the env file`
        : `${why}: it is left out`,
    ],
  };
}

function proposeApplications(
  env: Settings,
  applications: readonly { readonly id: string; readonly name: string }[],
): Proposal {
  const settings: SettingChange[] = addToList(
    env,
    "APPLICATIONS",
    applications,
  );
  const isUnset = settings.length === 0 && !env.APPLICATIONS;
  return {
    settings,
    notes: isUnset
      ? [
        "APPLICATIONS stays unset: the projects have no applications yet. Run this again when they have",
      ]
      : [],
  };
}

/** The applications of projects, by client id. */
async function applicationsOf(
  instance: Instance,
  projects: readonly OwnedProject[],
): Promise<{ readonly id: string; readonly name: string }[]> {
  const found = [];
  for (const { id, organization } of projects) {
    found.push(...await listApplications(instance, organization, id));
  }
  // SAML applications have no client id, and no limit applies to them.
  return found
    .filter(({ clientId, name }) =>
      clientId && !name.startsWith(TEMPORARY_APP_NAME)
    )
    .map(({ clientId, name }) => ({ id: clientId, name }));
}
