import type { Config } from "../../lib/config/settings.ts";
import type { Instance } from "../zitadel/client.ts";
import type { Organization } from "../zitadel/organization.ts";
import {
  listApplications,
  listProjectGrants,
  listProjects,
} from "../zitadel/project.ts";
import { listManagers } from "../zitadel/user.ts";
import type { ApplicationsSeen, CustomersSeen, OwnedProject } from "./facts.ts";
import { lookAtEach } from "./gather_organizations.ts";
import { nameOf } from "./names.ts";

/** Looks for organizations that are not the operator's and can act on claims. */
export async function gatherCustomers(
  admin: Instance,
  { organizations, projects, config }: {
    readonly organizations: readonly Organization[];
    readonly projects: readonly OwnedProject[];
    readonly config: Config;
  },
): Promise<CustomersSeen> {
  const counted = projects.filter(({ id }) => config.projects?.has(id) ?? true);
  const ours = new Set([
    config.metadataOrganization,
    ...config.projects ? counted.map(({ owner }) => owner.id) : [],
  ]);
  const isOthers = ({ id }: { readonly id: string }) => !ours.has(id);
  const granted = new Map<string, Organization>();
  const deactivated: string[] = [];
  for (const { id, name, owner } of counted) {
    const to = await listProjectGrants(admin, owner.id, id);
    for (const it of to.filter(({ isActive }) => !isActive)) {
      const project = nameOf({ id, name });
      deactivated.push(`grant of project ${project} to ${nameOf(it)}`);
    }
    for (const organization of to.filter(isOthers)) {
      const { id, name } = organization;
      granted.set(id, { id, name });
    }
  }
  const administrators = await listManagers(admin, "IAM_OWNER");
  const { found } = await lookAtEach(
    organizations.filter(isOthers),
    async (organization) => ({
      organization,
      owners: await listManagers(admin, "ORG_OWNER", organization.id),
    }),
  );
  const owned = found
    .filter(({ owners }) => owners.some((id) => !administrators.includes(id)))
    .map(({ organization }) => organization);
  // The settings may not tell yet which organization is the operator's.
  const isUnknown = organizations.every(isOthers);
  return {
    granted: [...granted.values()],
    deactivated,
    owned: isUnknown && owned.length === 1 ? [] : owned,
  };
}

/** Lists the applications of all projects, also those of ZITADEL's own. */
export async function gatherApplications(
  instance: Instance,
  organizations: readonly Organization[],
): Promise<ApplicationsSeen> {
  const { found, left } = await lookAtEach(organizations, async ({ id }) => {
    const projects = await listProjects(instance, id);
    const listed = await Promise.all(projects.map(async (project) => {
      const applications = await listApplications(instance, id, project.id);
      return applications.map((application) => ({ ...application, project }));
    }));
    return listed.flat();
  });
  return { applications: found.flat(), isComplete: left === 0 };
}
