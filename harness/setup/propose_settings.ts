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
import type { Organization } from "../zitadel/organization.ts";
import { listApplications, TEMPORARY_APP_NAME } from "../zitadel/project.ts";
import type { Change, Place } from "../plan/change.ts";
import type { State } from "./plan.ts";
import { findProjects, type OwnedProject } from "./role_projects.ts";
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
  /** That organization's projects with roles that the mapping names. */
  readonly mapped: readonly OwnedProject[];
  /** The projects that the operator named. */
  readonly named: readonly string[];
  readonly forCustomers: boolean;
  /** Whether METADATA_ORGANIZATION is to be set to that organization. */
  readonly isNewlyFixed: boolean;
  /** The settings of the env file and the environment. */
  readonly settings: Settings;
  readonly state: Pick<State, "env" | "metadataApi">;
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
  const { organization, named, state: { env } } = wish;
  const listed = splitKeys(env.PROJECTS);
  const mapped = organization ? wish.mapped : [];
  const first = organization?.id;
  const chosen = [
    ...listed.length > 0 ? [] : mapped,
    ...await findProjects(instance, named, "--project", first),
  ];
  const unlisted = mapped.filter(({ id }) =>
    listed.length > 0 && ![...listed, ...named].includes(id)
  );
  const changes = addToSetting(place, env, "PROJECTS", chosen);
  const notes = unlisted.length === 0 ? [] : [
    `PROJECTS stays as it is (${listed}), so roles of ${
      list(unlisted.map(nameOf))
    } do not count although they are mapped: \`deno task setup ${
      unlisted.map(({ id }) => `--project ${id}`).join(" ")
    }\` adds it`,
  ];
  if (organization === undefined) return { changes, notes };
  if (!wish.forCustomers) {
    if (!wish.isNewlyFixed) return { changes, notes };
    const fixed = proposeOrganization(place, wish, organization);
    return {
      changes: [...fixed.changes, ...changes],
      notes: [...fixed.notes, ...notes],
    };
  }
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
  const others = [
    proposeOrganization(place, wish, organization),
    proposeGrantedBy(place, wish, organization),
    await proposeApplications(place, wish, projects),
  ];
  return {
    changes: [...changes, ...others.flatMap(({ changes }) => changes)],
    notes: [
      ...notes,
      ...others.flatMap(({ notes }) => notes),
      "every API must check client_id beside aud, whatever is set here: at introspection ZITADEL names the API, not the client",
    ],
  };
}

/** Nothing is proposed; the note, if any, says why. */
function nothing(...notes: string[]): Proposal {
  return { changes: [], notes };
}

function proposeOrganization(
  place: Place,
  { state: { env }, keys }: ProposalWish,
  organization: Organization,
): Proposal {
  const { METADATA_ORGANIZATION: former } = env;
  const { id } = organization;
  const name = nameOf(organization);
  if (former === id) return nothing();
  const change = settingChange(place, {
    name: "METADATA_ORGANIZATION",
    value: id,
    shown: former ? `${former} -> ${name}` : name,
    replaces: !!former,
  });
  const notes = [
    `entries in the metadata of other organizations than ${name} do not count`,
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
  if (env.GRANTED_BY) return nothing();
  const isLabelled = settings.PERMISSIONS_SHAPE?.trim() === "by_organization" &&
    !settings.ROLES_CLAIM?.trim();
  if (isLabelled) {
    return nothing(
      "GRANTED_BY stays unset: with PERMISSIONS_SHAPE=by_organization the claim says which organization granted each permission",
    );
  }
  const user = { id: "user", name: "the user's own organization" };
  const changes = addToSetting(place, env, "GRANTED_BY", [user, organization]);
  return { changes, notes: [] };
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
    return nothing(
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
    return nothing(
      "APPLICATIONS stays unset: the projects have no applications yet. Run this again when they have",
    );
  }
  const changes = addToSetting(place, env, "APPLICATIONS", applications);
  return { changes, notes: [] };
}
