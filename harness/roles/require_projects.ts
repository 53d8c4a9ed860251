import type { Place } from "../plan/change.ts";
import { findProjects } from "../mapping/find_projects.ts";
import { listGrantedProjects } from "../zitadel/project.ts";
import type { MappingPlan } from "./plan_mapping.ts";

/**
 * Refuses new entries of projects that do not exist: a name in place of an id, or
 * a file that another tool wrote.
 *
 * @param projects What the file takes for ids of projects.
 * @throws {Error} Naming them, and how to write them if that is meant.
 */
export async function requireProjects(
  { instance, organization }: Omit<Place, "envFile">,
  { set }: Pick<MappingPlan, "set">,
  projects: ReadonlySet<string>,
): Promise<void> {
  const ids = new Set(set.map(({ key }) => key.split(":", 1)[0]!));
  let unknown = [...ids.intersection(projects)];
  const leave = (known: readonly { readonly id: string }[]) => {
    unknown = unknown.filter((id) => known.every((it) => it.id !== id));
  };
  if (unknown.length === 0) return;
  leave(await listGrantedProjects(instance, organization!));
  leave(await findProjects(instance, unknown, organization));
  if (unknown.length === 0) return;
  throw new Error(
    `There is no project with the id ${
      unknown.map((id) => JSON.stringify(id)).join(", ")
    } that this token can see; nothing was changed. Write the project's id (console: Projects > Resource ID), or a role of all projects at the top level; \`deno task roles check\` says more. If the project is created later, use \`deno task roles apply --unknown-projects\``,
  );
}
