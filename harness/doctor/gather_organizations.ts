import type { Config } from "../../lib/config/settings.ts";
import { parseRoleMapping } from "../../lib/mapping/role_mapping.ts";
import { fixedBy } from "../mapping/mapping_organization.ts";
import type { Instance } from "../zitadel/client.ts";
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
import type { Eyes, GatherOptions, OwnedProject } from "./facts.ts";
import { findLeftoverOrganizations, findLeftovers } from "./leftovers.ts";

/** Organizations beyond these are looked at only if they are named. */
const MAX_ORGANIZATIONS = 20;

/** The project of ZITADEL's own console and APIs, which every instance has. */
const OWN_PROJECT = "ZITADEL";

/** At how many organizations' projects and actions the doctor looks. */
const MAX_OWNERS = 200;

/** How many organizations are asked at once. */
const AT_ONCE = 8;

/** An organization whose users log in, or whose metadata is read. */
export type OrganizationFacts = Awaited<ReturnType<typeof gatherOrganization>>;

/** A project of an organization, or one that was granted to it: with the roles that were granted, and no more. */
export type ProjectFacts = Awaited<ReturnType<typeof gatherProjects>>[number];

/** Looks at the organizations, and at the projects of the whole instance. */
export async function gatherOrganizations(
  { org: asked, onProgress }: GatherOptions,
  config: Config | undefined,
  eyes: Eyes,
) {
  onProgress?.("the organizations");
  const { owner, admin: asker = eyes.reader } = eyes;
  const { value: all = [], problem } = asker
    ? await answer(() => listOrganizations(asker))
    : { value: [] };
  const left = owner ? await findLeftoverOrganizations(owner, all) : [];
  const listed = all.filter((it) => !left.includes(it));
  const fixed = fixedBy(config?.metadataOrganization);
  const named = asked.length === 0 && fixed !== undefined ? [fixed] : asked;
  const wanted = named.length > 0
    ? named.map((id) => ({ id, name: listed.find((it) => it.id === id)?.name }))
    : listed;
  const chosen = asker ? wanted.slice(0, MAX_ORGANIZATIONS) : [];
  const organizations: OrganizationFacts[] = [];
  for (const organization of chosen) {
    const { id, name = id } = organization;
    onProgress?.(`the organization ${name}`);
    organizations.push(await gatherOrganization(organization, eyes));
  }
  onProgress?.("the projects");
  const projects = asker && !problem
    ? await answer(() => gatherOwnedProjects(asker, listed))
    : undefined;
  return {
    /** All organizations that can be seen. */
    all,
    /** Those without what a live check left behind. */
    listed,
    /** The organizations that the operator named. */
    named,
    /** The instance's projects; `undefined` without a token that sees them. */
    projects,
    /** The organizations that were looked at. */
    organizations: named.length === 0 && problem
      ? { problem }
      : { value: organizations },
    /** By which API metadata was read, which tells the release; `undefined` if none was. */
    metadataApi: organizations.find(({ metadata }) => metadata?.value)
      ?.metadata?.value?.api,
    /** How many more there are that were not. */
    organizationsLeft: Math.max(0, wanted.length - MAX_ORGANIZATIONS),
    leftovers: asker
      ? await findLeftovers(asker, left, projects?.value?.projects ?? [])
      : [],
  };
}

async function gatherOrganization(
  { id, name }: { readonly id: string; readonly name: string | undefined },
  { reader, admin: asker = reader, owner }: Eyes,
) {
  const looker = owner ?? reader;
  const seen = name === undefined && looker
    ? await answer(() => listOrganizations(looker, { id }))
    : undefined;
  const known = name ?? seen?.value?.[0]?.name;
  // Who is no IAM_OWNER does not see every organization.
  const isMissing = owner !== undefined && seen?.value?.length === 0;
  return {
    id,
    name: known,
    /** Whether there is certainly no such organization. */
    isMissing,
    /** As the function's service user reads it; `undefined` if not tried. */
    metadata: reader && !isMissing
      ? await answer(async () => {
        const { api, entries } = await listMetadata(reader, id);
        return { api, entries, mapping: parseRoleMapping(entries) };
      })
      : undefined,
    /** `undefined` if no one could see them. */
    projects: asker && !isMissing
      ? await answer(() => gatherProjects(asker, { id, name: known ?? id }))
      : undefined,
  };
}

/** Lists an organization's projects and those that were granted to it. */
async function gatherProjects(instance: Instance, owner: Organization) {
  const own = await listOwnedProjects(instance, owner);
  const granted = await listGrantedProjects(instance, owner.id);
  // Some tokens are shown the organization's own projects there, too.
  const others = granted.filter((it) => !own.some(({ id }) => id === it.id));
  const unknown = { assertsRoles: undefined, applications: [] };
  return [...own, ...others.map((it) => ({ ...it, ...unknown }))];
}

async function listOwnedProjects(
  instance: Instance,
  owner: Organization,
): Promise<OwnedProject[]> {
  const projects = await listProjects(instance, owner.id);
  return await Promise.all(projects.map(async (project) => ({
    ...project,
    owner,
    roles: await listRoles(instance, owner.id, project.id),
    applications: await listApplications(instance, owner.id, project.id),
  })));
}

/** Lists the projects of organizations, and the applications, also those of ZITADEL's own project. */
export async function gatherOwnedProjects(
  instance: Instance,
  organizations: readonly Organization[],
) {
  const { found, left } = await lookAtEach(
    organizations,
    (owner) => listOwnedProjects(instance, owner),
  );
  const all = found.flat();
  return {
    projects: all.filter(({ name }) => name !== OWN_PROJECT),
    /** Of all projects, also of ZITADEL's own. */
    applications: all.flatMap((project) =>
      project.applications.map((it) => ({ ...it, project }))
    ),
    /** Whether these are all of the instance. */
    isComplete: left === 0,
  };
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
