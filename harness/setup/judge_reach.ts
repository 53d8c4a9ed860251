import { splitKeys } from "../cli/env_file.ts";
import { list, nameOf } from "../doctor/names.ts";
import { fixedOrganization } from "../mapping/mapping_organization.ts";
import { listProjectGrants } from "../zitadel/project.ts";
import type { Found } from "./propose_settings.ts";
import { findMappedProjects, type MappedProject } from "./role_projects.ts";
import type { Situation } from "./situation.ts";

/** How many projects' grants are looked at. */
const MAX_PROJECTS = 10;

/** Finds out whether users can get a permission by the mapping, and whose get none. */
export async function judgeReach(
  situation: Situation,
  { keys, mapped, named }: Found,
): Promise<{ readonly isFruitless: boolean; readonly notes: string[] }> {
  const { place: { instance }, settings, organization } = situation;
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
  return {
    isFruitless: false,
    notes: await whoseUsersGetNothing(situation, { mapped, names }),
  };
}

/** The function may read other organizations than the one that takes the entries. */
async function whoseUsersGetNothing(
  { place: { instance }, settings, ...situation }: Situation,
  { mapped, names }: {
    readonly mapped: readonly MappedProject[];
    readonly names: string;
  },
): Promise<string[]> {
  const organization = situation.organization!;
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
