import { didYouMean } from "../cli/closest.ts";
import { splitKeys } from "../cli/env_file.ts";
import type { Settings } from "../cli/settings.ts";
import { answer } from "../doctor/answer.ts";
import { gatherOwnedProjects } from "../doctor/gather_organizations.ts";
import type { Instance } from "../zitadel/client.ts";
import {
  listOrganizations,
  type Organization,
} from "../zitadel/organization.ts";
import { listGrantedProjects } from "../zitadel/project.ts";
import { fixedOrganization } from "../mapping/mapping_organization.ts";
import type { MappingPlan } from "./plan_mapping.ts";

/** Names the new entries that grant nothing, since no project that counts has their role. */
export async function noteUnusedRoles(
  { instance, organization, settings }: {
    readonly instance: Instance;
    readonly organization: Organization;
    readonly settings: Settings;
  },
  { set }: Pick<MappingPlan, "set">,
): Promise<string[]> {
  if (set.length === 0) return [];
  const { value: projects, problem } = await answer(async () => {
    // One mapping for all organizations is for the projects of all.
    const owners = fixedOrganization(settings) === organization.id
      ? await listOrganizations(instance)
      : [organization];
    const own = await gatherOwnedProjects(instance, owners);
    if (!own.isComplete) throw new Error("there are too many organizations");
    const granted = await listGrantedProjects(instance, organization.id);
    return [...own.projects, ...granted];
  });
  if (problem) {
    return [`not checked whether projects have these roles: ${problem.text}`];
  }
  const listed = splitKeys(settings.PROJECTS);
  const keys = projects
    .filter(({ id }) => listed.length === 0 || listed.includes(id))
    .flatMap(({ id, roles }) =>
      roles.flatMap((role) => [role, `${id}:${role}`])
    );
  const unused = set.filter(({ key }) => !keys.includes(key))
    .map(({ key }) => `"${key}"${didYouMean(key, keys)}`).join(", ");
  const which = listed.length > 0 ? "no project of PROJECTS" : "no project";
  return unused === ""
    ? []
    : [`${which} that this token can see has the role ${unused}`];
}
