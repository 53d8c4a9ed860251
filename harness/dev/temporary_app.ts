import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { connect, type Instance } from "../zitadel/client.ts";
import type { OwnedProject } from "../doctor/facts.ts";
import { gatherOwnedProjects } from "../doctor/gather_organizations.ts";
import { list, nameOf } from "../doctor/names.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import { createApplication, TEMPORARY_APP_NAME } from "../zitadel/project.ts";
import { attempt } from "../zitadel/zitadel_error.ts";

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
) {
  const instance = connect(origin, adminToken);
  const found = await findProject(instance, project);
  const { id: projectId, owner: { id: organization } } = found;
  const { id: appId, clientId } = await createApplication(
    instance,
    organization,
    {
      project: projectId,
      name: `${TEMPORARY_APP_NAME} ${new Date().toISOString()}`,
      redirectUri,
    },
  );
  const management = instance.service(ManagementService, { organization });
  return {
    clientId,
    project: found,
    async [Symbol.asyncDispose]() {
      await attempt(
        "remove the temporary application",
        () => management.removeApp({ projectId, appId }),
      );
    },
  };
}

async function findProject(
  instance: Instance,
  wanted: string,
): Promise<OwnedProject> {
  const organizations = await listOrganizations(instance);
  const { projects } = await gatherOwnedProjects(instance, organizations);
  // Tenants choose names and ids: one of theirs must not be taken for another's.
  const [found, ...others] = projects.filter(({ id, name }) =>
    id === wanted || name === wanted
  );
  if (found && others.length > 0) {
    throw new Error(
      `Several projects have the id or name "${wanted}", name one by its id: ${
        list([found, ...others].map((it) =>
          `${nameOf(it)} of ${nameOf(it.owner)}`
        ))
      }`,
    );
  }
  if (found) return found;
  throw new Error(
    `Cannot create an application: no project has the id or name "${wanted}" in the ${organizations.length} organizations that ZITADEL_ADMIN_TOKEN may read`,
  );
}
