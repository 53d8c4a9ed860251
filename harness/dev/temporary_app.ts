import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { connect, type Instance } from "../zitadel/client.ts";
import { listOrganizations, ownOrganization } from "../zitadel/organization.ts";
import {
  createApplication,
  listProjects,
  type Project,
  TEMPORARY_APP_NAME,
} from "../zitadel/project.ts";
import { attempt } from "../zitadel/zitadel_error.ts";

/** Organizations beyond these are not searched for a project. */
const MAX_ORGANIZATIONS = 100;

/** An application to log in with, as long as the inspector runs. */
export interface TemporaryApp extends AsyncDisposable {
  readonly clientId: string;
  readonly project: Project;
}

/**
 * Creates an application for the inspector on a real instance. Disposing of it
 * removes it; if the process is killed, doctor lists what is left.
 *
 * @throws {Error} If there is no such project, or ZITADEL refuses.
 */
export async function createTemporaryApp(
  { origin, adminToken, project, redirectUri }: {
    readonly origin: string;
    readonly adminToken: string;
    /** The project's id or name. */
    readonly project: string;
    readonly redirectUri: string;
  },
): Promise<TemporaryApp> {
  const instance = connect(origin, adminToken);
  const found = await findProject(instance, project);
  const { id, clientId } = await createApplication(
    instance,
    found.organization,
    {
      project: found.project.id,
      name: `${TEMPORARY_APP_NAME} ${new Date().toISOString()}`,
      redirectUri,
    },
  );
  const management = instance.service(ManagementService, {
    organization: found.organization,
  });
  return {
    clientId,
    project: found.project,
    async [Symbol.asyncDispose]() {
      await attempt(
        "remove the temporary application",
        () => management.removeApp({ projectId: found.project.id, appId: id }),
      );
    },
  };
}

async function findProject(
  instance: Instance,
  wanted: string,
): Promise<{ project: Project; organization: string }> {
  const own = await ownOrganization(instance);
  const others = await listOrganizations(instance);
  const ids = new Set([own.id, ...others.map(({ id }) => id)]);
  for (const organization of [...ids].slice(0, MAX_ORGANIZATIONS)) {
    const projects = await listProjects(instance, organization);
    const project = projects.find(({ id, name }) =>
      id === wanted || name === wanted
    );
    if (project) return { project, organization };
  }
  throw new Error(
    `Cannot create an application: no project has the id or name "${wanted}" in the ${
      Math.min(ids.size, MAX_ORGANIZATIONS)
    } organizations that ZITADEL_ADMIN_TOKEN may read`,
  );
}
