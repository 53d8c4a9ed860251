import { UsageError } from "../cli/errors.ts";
import { isLeftover } from "../doctor/leftovers.ts";
import type { Instance } from "../zitadel/client.ts";
import {
  listOrganizations,
  type Organization,
} from "../zitadel/organization.ts";
import { findProject, listProjects, listRoles } from "../zitadel/project.ts";

/** How many organizations are asked at once. */
const AT_ONCE = 8;

/** A project and the organization that owns it. */
export interface OwnedProject {
  readonly id: string;
  readonly name: string;
  readonly owner: Organization;
}

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
 * Finds projects by their ids, each by asking in the organization that owns it.
 *
 * @param from The option or setting that names them.
 * @param first The organization to look in first.
 * @throws {UsageError} If one does not exist: a tenant could create a project
 * with this id.
 */
export async function findProjects(
  instance: Instance,
  ids: readonly string[],
  from: string,
  first?: string,
): Promise<OwnedProject[]> {
  if (ids.length === 0) return [];
  const owners = (await listOrganizations(instance))
    .sort((a, b) => Number(b.id === first) - Number(a.id === first));
  const found: OwnedProject[] = [];
  next: for (const id of ids) {
    for (const owner of owners) {
      const project = await findProject(instance, owner.id, id);
      if (!project) continue;
      found.push({ id, name: project.name, owner });
      continue next;
    }
    throw new UsageError(`${from} ${id}: there is no such project`);
  }
  return found;
}
