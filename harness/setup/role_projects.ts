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

/** Finds the projects of an organization that have roles which a mapping names. */
export async function listMappedProjects(
  instance: Instance,
  owner: Organization,
  keys: readonly string[],
): Promise<MappedProject[]> {
  const found: MappedProject[] = [];
  if (keys.length === 0) return found;
  for (const { id, name } of await listProjects(instance, owner.id)) {
    const roles = await listRoles(instance, owner.id, id);
    const known = new Set(roles.flatMap((role) => [role, `${id}:${role}`]));
    const mapped = keys.filter((key) => known.has(key));
    if (mapped.length > 0) found.push({ id, name, owner, keys: mapped });
  }
  return found;
}

/** Finds those of every organization. */
export async function findMappedProjects(
  instance: Instance,
  keys: readonly string[],
): Promise<MappedProject[]> {
  const all = (await listOrganizations(instance))
    .filter((it) => !isLeftover(it));
  const found: MappedProject[] = [];
  for (let i = 0; i < all.length; i += AT_ONCE) {
    const some = all.slice(i, i + AT_ONCE)
      .map((owner) => listMappedProjects(instance, owner, keys));
    found.push(...(await Promise.all(some)).flat());
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
