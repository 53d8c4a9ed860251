import type { Instance } from "../zitadel/client.ts";
import {
  listOrganizations,
  type Organization,
} from "../zitadel/organization.ts";
import { findProject } from "../zitadel/project.ts";

/** A project and the organization that owns it. */
export interface OwnedProject {
  readonly id: string;
  readonly name: string;
  readonly owner: Organization;
}

/**
 * Finds those projects that exist by their ids, each by asking in the organization
 * that owns it.
 *
 * @param first The organization to look in first.
 */
export async function findProjects(
  instance: Instance,
  ids: readonly string[],
  first?: string,
): Promise<OwnedProject[]> {
  const found: OwnedProject[] = [];
  if (ids.length === 0) return found;
  const owners = (await listOrganizations(instance))
    .sort((a, b) => Number(b.id === first) - Number(a.id === first));
  for (const id of ids) {
    for (const owner of owners) {
      const project = await findProject(instance, owner.id, id);
      if (!project) continue;
      found.push({ id, name: project.name, owner });
      break;
    }
  }
  return found;
}
