import { UsageError } from "../cli/errors.ts";
import type { Instance } from "../zitadel/client.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import { findProject, listProjects, listRoles } from "../zitadel/project.ts";

/** A project and the organization that owns it. */
export interface OwnedProject {
  readonly id: string;
  readonly name: string;
  readonly organization: string;
}

/** Finds the projects of an organization that have roles which its mapping names. */
export async function findMappedProjects(
  instance: Instance,
  organization: string,
  /** The metadata keys of the mapping. */
  keys: Iterable<string>,
): Promise<OwnedProject[]> {
  const mapped = new Set(keys);
  const found: OwnedProject[] = [];
  for (const { id, name } of await listProjects(instance, organization)) {
    const roles = await listRoles(instance, organization, id);
    const isMapped = roles.some((role) =>
      mapped.has(role) || mapped.has(`${id}:${role}`)
    );
    if (isMapped) found.push({ id, name, organization });
  }
  return found;
}

/**
 * Finds projects by their ids.
 *
 * @throws {UsageError} If one does not exist: a tenant could create a project
 * with this id.
 */
export async function findProjects(
  instance: Instance,
  ids: readonly string[],
  { from, first }: {
    /** The option or setting that names them. */
    readonly from: string;
    /** The organization to look in first. */
    readonly first?: string | undefined;
  },
): Promise<OwnedProject[]> {
  if (ids.length === 0) return [];
  const organizations = (await listOrganizations(instance)).map(({ id }) => id);
  const ordered = new Set(first ? [first, ...organizations] : organizations);
  const found: OwnedProject[] = [];
  for (const id of ids) {
    const project = await findOwned(instance, ordered, id);
    if (project === undefined) {
      throw new UsageError(`${from} ${id}: there is no such project`);
    }
    found.push(project);
  }
  return found;
}

/** A project is found only by asking in the organization that owns it. */
async function findOwned(
  instance: Instance,
  organizations: Iterable<string>,
  id: string,
): Promise<OwnedProject | undefined> {
  for (const organization of organizations) {
    const project = await findProject(instance, organization, id);
    if (project) return { id, name: project.name, organization };
  }
  return undefined;
}
