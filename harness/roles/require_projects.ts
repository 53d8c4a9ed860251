import type { Place } from "../plan/change.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import { findProject, listGrantedProjects } from "../zitadel/project.ts";
import type { MappingPlan } from "./plan_mapping.ts";

/**
 * Refuses new entries of projects that do not exist: a name in place of an id, or
 * a file that another tool wrote.
 *
 * @param projects What the file takes for ids of projects.
 * @throws {Error} Naming them, and how to write them if that is meant.
 */
export async function requireProjects(
  { instance, organization }: Pick<Place, "instance" | "organization">,
  { set }: Pick<MappingPlan, "set">,
  projects: ReadonlySet<string>,
): Promise<void> {
  const unknown = new Set(
    set.map(({ key }) => key.split(":", 1)[0]!).filter((id) =>
      projects.has(id)
    ),
  );
  if (unknown.size === 0) return;
  const granted = await listGrantedProjects(instance, organization!);
  for (const { id } of granted) unknown.delete(id);
  const others = (await listOrganizations(instance)).map(({ id }) => id);
  for (const owner of new Set([organization!, ...others])) {
    for (const id of unknown) {
      if (await findProject(instance, owner, id)) unknown.delete(id);
    }
  }
  if (unknown.size === 0) return;
  const ids = [...unknown].map((id) => JSON.stringify(id)).join(", ");
  throw new Error(
    `There is no project with the id ${ids} that this token can see; nothing was changed. Write the project's id (console: Projects > Resource ID), or a role of all projects at the top level; \`deno task roles check\` says more. If the project is created later, use \`deno task roles apply --unknown-projects\``,
  );
}
