import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import type { Instance } from "../zitadel/client.ts";
import { listComplementingActions } from "../zitadel/action_v1.ts";
import { listMetadata } from "../zitadel/metadata.ts";
import {
  listOrganizations,
  type Organization,
} from "../zitadel/organization.ts";
import {
  listApplications,
  listGrantedProjects,
  listProjects,
  listRoles,
} from "../zitadel/project.ts";
import { answer } from "./answer.ts";
import type {
  ActionsSeen,
  MetadataFacts,
  OrganizationFacts,
  OwnedProject,
  ProjectFacts,
  ProjectsSeen,
} from "./facts.ts";

/** The project of ZITADEL's own console and APIs, which every instance has. */
const OWN_PROJECT = "ZITADEL";

/** At how many organizations' projects and actions the doctor looks. */
const MAX_OWNERS = 200;

/** How many organizations are asked at once. */
const AT_ONCE = 8;

/** Who looks: the function's service user, and an administrator. */
export interface Eyes {
  readonly reader: Instance | undefined;
  readonly admin: Instance | undefined;
  /** Whether the administrator's token sees everything. */
  readonly isOwner: boolean;
}

/** Looks at one organization. */
export async function gatherOrganization(
  { id, name }: { readonly id: string; readonly name: string | undefined },
  { reader, admin, isOwner }: Eyes,
): Promise<OrganizationFacts> {
  const asker = admin ?? reader;
  const looker = isOwner ? admin : reader;
  const seen = name === undefined && looker
    ? await answer(() => listOrganizations(looker, { id }))
    : undefined;
  const known = name ?? seen?.value?.[0]?.name;
  // Who is no IAM_OWNER does not see every organization.
  const isMissing = isOwner && seen?.value?.length === 0;
  return {
    id,
    name: known,
    isMissing,
    metadata: reader && !isMissing
      ? await answer(() => gatherMetadata(reader, id))
      : undefined,
    projects: asker && !isMissing
      ? await answer(() => gatherProjects(asker, id))
      : undefined,
  };
}

async function gatherMetadata(
  reader: Instance,
  organization: string,
): Promise<MetadataFacts> {
  const { api, entries } = await listMetadata(reader, organization);
  return { api, entries, mapping: parseRoleMapping(entries) };
}

async function gatherProjects(
  instance: Instance,
  organization: string,
): Promise<ProjectFacts[]> {
  const facts: ProjectFacts[] = [];
  for (const project of await listProjects(instance, organization)) {
    const roles = await listRoles(instance, organization, project.id);
    const applications = await listApplications(
      instance,
      organization,
      project.id,
    );
    facts.push({ ...project, roles, applications });
  }
  for (const project of await listGrantedProjects(instance, organization)) {
    // Some tokens are shown the organization's own projects here, too.
    if (facts.some(({ id }) => id === project.id)) continue;
    facts.push({ ...project, assertsRoles: undefined, applications: [] });
  }
  return facts;
}

/** Looks at the actions of organizations. One that cannot be read hides no other. */
export async function gatherActions(
  instance: Instance,
  organizations: readonly Organization[],
): Promise<ActionsSeen> {
  const { found, left } = await lookAtEach(
    organizations,
    async (organization) => ({
      organization,
      ...await answer(() =>
        listComplementingActions(instance, organization.id)
      ),
    }),
  );
  return {
    looked: found.flatMap(({ organization, value: actions }) =>
      actions && actions.length > 0 ? [{ organization, actions }] : []
    ),
    unread: found.flatMap(({ organization, problem }) =>
      problem ? [{ organization, problem }] : []
    ),
    left,
  };
}

/** Lists the instance's projects with their roles and owners. */
export async function gatherOwnedProjects(
  instance: Instance,
  organizations: readonly Organization[],
): Promise<ProjectsSeen> {
  const { found, left } = await lookAtEach(
    organizations,
    async (owner): Promise<OwnedProject[]> => {
      const listed = await listProjects(instance, owner.id);
      const own = listed.filter(({ name }) => name !== OWN_PROJECT);
      return await Promise.all(own.map(async ({ id, name, isActive }) => {
        const roles = await listRoles(instance, owner.id, id);
        return { id, name, roles, owner, isActive };
      }));
    },
  );
  return { projects: found.flat(), isComplete: left === 0 };
}

/** Looks at the first organizations, a few at once; tells how many are left. */
export async function lookAtEach<T>(
  organizations: readonly Organization[],
  look: (organization: Organization) => Promise<T>,
): Promise<{ readonly found: readonly T[]; readonly left: number }> {
  const chosen = organizations.slice(0, MAX_OWNERS);
  const found: T[] = [];
  for (let i = 0; i < chosen.length; i += AT_ONCE) {
    found.push(...await Promise.all(chosen.slice(i, i + AT_ONCE).map(look)));
  }
  return { found, left: organizations.length - chosen.length };
}
