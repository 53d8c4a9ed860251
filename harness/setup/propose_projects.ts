import { UsageError } from "../cli/errors.ts";
import type { Instance } from "../zitadel/client.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import { findProject, listProjects, listRoles } from "../zitadel/project.ts";
import type { NamedProject } from "./change.ts";

export interface ProjectsWish {
  /**
   * The organization that holds the mapping for all users; `undefined` if each
   * organization has its own: then its administrators could plant a project.
   */
  readonly organization: string | undefined;
  /** The metadata keys of the mapping. */
  readonly keys: Iterable<string>;
  /** Ids that the operator named. */
  readonly named: readonly string[];
}

/**
 * Proposes the projects whose grants count: those that the organization of the
 * mapping owns and that have roles which it names, and those that are named.
 *
 * @throws {UsageError} If a named project does not exist.
 */
export async function proposeProjects(
  instance: Instance,
  { organization, keys, named }: ProjectsWish,
): Promise<NamedProject[]> {
  const proposed = new Map<string, string>();
  if (organization !== undefined) {
    const mapped = new Set(keys);
    for (const { id, name } of await listProjects(instance, organization)) {
      const roles = await listRoles(instance, organization, id);
      const isMapped = roles.some((role) =>
        mapped.has(role) || mapped.has(`${id}:${role}`)
      );
      if (isMapped) proposed.set(id, name);
    }
  }
  for (const id of named) {
    proposed.set(id, await nameOf(instance, { id, first: organization }));
  }
  return [...proposed].map(([id, name]) => ({ id, name }));
}

/** A project is found only by asking in the organization that owns it. */
async function nameOf(
  instance: Instance,
  { id, first }: { readonly id: string; readonly first: string | undefined },
): Promise<string> {
  const organizations = (await listOrganizations(instance)).map(({ id }) => id);
  const ordered = new Set(first ? [first, ...organizations] : organizations);
  for (const organization of ordered) {
    const project = await findProject(instance, organization, id);
    if (project) return project.name;
  }
  throw new UsageError(`--project ${id}: there is no such project`);
}
