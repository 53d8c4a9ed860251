import type { Instance } from "./client.ts";
import { listOrganizations } from "./organization.ts";
import { listApplications, listProjects, type Project } from "./project.ts";

/** An application, and the project that it belongs to. */
export interface FoundApplication {
  readonly clientId: string;
  readonly name: string;
  readonly project: Project;
}

/** How many organizations are asked at once. */
const AT_ONCE = 8;

/**
 * Finds the application of a client id. No API of v3 searches by client id, so
 * the organizations' projects are searched, those of the first ones first.
 *
 * @throws {Error} If there is none.
 */
export async function findApplication(
  instance: Instance,
  clientId: string,
  first: readonly string[],
): Promise<FoundApplication> {
  const listed = (await listOrganizations(instance)).map(({ id }) => id);
  const ids = [...new Set([...first, ...listed])];
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    const found = await Promise.all(
      ids.slice(i, i + AT_ONCE).map((id) => findIn(instance, id, clientId)),
    );
    const application = found.find((it) => it !== undefined);
    if (application) return application;
  }
  throw new Error(
    `Cannot find the application ${clientId}: expected the client id of an OIDC or API application (console: Projects > application > Client ID)`,
  );
}

async function findIn(
  instance: Instance,
  organization: string,
  clientId: string,
): Promise<FoundApplication | undefined> {
  for (const project of await listProjects(instance, organization)) {
    const { id } = project;
    for (const it of await listApplications(instance, organization, id)) {
      if (it.clientId === clientId) {
        return { clientId, name: it.name, project };
      }
    }
  }
}
