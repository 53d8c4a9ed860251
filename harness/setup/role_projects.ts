import { UsageError } from "../cli/errors.ts";
import { isLeftover } from "../doctor/leftovers.ts";
import { findProjects, type OwnedProject } from "../mapping/find_projects.ts";
import type { Instance } from "../zitadel/client.ts";
import {
  listOrganizations,
  type Organization,
} from "../zitadel/organization.ts";
import { listProjects, listRoles } from "../zitadel/project.ts";

/** How many organizations are asked at once. */
const AT_ONCE = 8;

/** A project with roles that a mapping has entries for. */
export interface MappedProject extends OwnedProject {
  /** The metadata keys of those entries. */
  readonly keys: readonly string[];
}

/** Finds the projects that have roles which a mapping names, of all organizations or of some. */
export async function findMappedProjects(
  instance: Instance,
  keys: readonly string[],
  owners?: readonly Organization[],
): Promise<MappedProject[]> {
  if (keys.length === 0) return [];
  const all = owners ??
    (await listOrganizations(instance)).filter((it) => !isLeftover(it));
  const look = async (owner: Organization) => {
    const found: MappedProject[] = [];
    for (const { id, name } of await listProjects(instance, owner.id)) {
      const roles = await listRoles(instance, owner.id, id);
      const known = new Set(roles.flatMap((role) => [role, `${id}:${role}`]));
      const mapped = keys.filter((key) => known.has(key));
      if (mapped.length > 0) found.push({ id, name, owner, keys: mapped });
    }
    return found;
  };
  const found: MappedProject[] = [];
  for (let i = 0; i < all.length; i += AT_ONCE) {
    const some = await Promise.all(all.slice(i, i + AT_ONCE).map(look));
    found.push(...some.flat());
  }
  return found;
}

/**
 * Finds projects that an option or a setting names.
 *
 * @throws {UsageError} If one does not exist: a tenant could create a project
 * with this id.
 */
export async function findNamedProjects(
  instance: Instance,
  from: "--project" | "PROJECTS",
  ids: readonly string[],
  first?: string,
): Promise<OwnedProject[]> {
  const found = await findProjects(instance, ids, first);
  const missing = ids.find((id) => found.every((it) => it.id !== id));
  if (missing === undefined) return found;
  throw new UsageError(`${from} ${missing}: there is no such project`);
}
