import type { Config } from "../../lib/config/settings.ts";
import { messageOf } from "../cli/terminal.ts";
import { waitUntil } from "../util/wait_until.ts";
import { connect, type Instance, to } from "../zitadel/client.ts";
import { clientCredentials } from "../zitadel/login.ts";
import { managementOf } from "../zitadel/manage.ts";
import { listMetadata, setMetadata } from "../zitadel/metadata.ts";
import {
  createOrganization,
  listOrganizations,
  removeOrganization,
} from "../zitadel/organization.ts";
import { createProject } from "../zitadel/project.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import {
  addMember,
  createSecret,
  createServiceUser,
  removeUser,
  whoAmI,
} from "../zitadel/user.ts";
import type { LiveRole } from "./choose_live_role.ts";
import { checkName, isLeftover, removeRole } from "./leftovers.ts";

/** Who creates a throwaway user, and what ends that. */
interface Live {
  readonly admin: Instance;
  readonly config: Config;
  readonly signal: AbortSignal;
}

/** A service user with one role; disposing of it removes all that was created. */
export type LiveUser = Awaited<ReturnType<typeof createLiveUser>>;

/**
 * Creates a user who has one role, in the organization of a real project or in a
 * new one. If a step fails, or the signal aborts, what was created is removed.
 */
export async function createLiveUser(live: Live, chosen: LiveRole) {
  await using created = new AsyncDisposableStack();
  const { admin, config, signal } = live;
  const { role, project } = chosen;
  const name = checkName();
  const { id: organization } = project?.owner ??
    await createOrganization(admin, name);
  if (!project) created.defer(() => removeOrganization(admin, organization));
  const projectId = project?.id ??
    await fillOrganization(live, { ...chosen, name, organization });
  if (project && isLeftover({ name: role })) {
    await managementOf(admin, organization).bulkAddProjectRoles({
      projectId,
      roles: [{ key: role, displayName: role }],
    }, to("add a role"));
    const added = { projectId, roleKey: role };
    created.defer(() => removeRole(admin, organization, added));
  }
  const user = await createServiceUser(admin, organization, name);
  if (project) created.defer(() => removeUser(admin, organization, user));
  signal.throwIfAborted();
  const grant = { userId: user, projectId, roleKeys: [role] };
  await managementOf(admin, organization)
    .addUserGrant(grant, to("grant roles"));
  const secret = await createSecret(admin, organization, user);
  await waitUntil(async () => {
    const { result } = await managementOf(admin, organization).listUserGrants({
      queries: [{ query: { case: "userIdQuery", value: { userId: user } } }],
    }, to("list the user's grants"));
    return result.length > 0;
  }, { what: "the grant can be read", signal });
  // v4.6.5 denied a secret a moment after it was created. Any other refusal shows
  // with the first token that counts.
  await waitUntil(async () => {
    try {
      await clientCredentials(config.origin, { ...secret, scope: "openid" });
      return true;
    } catch (error) {
      return !/Secret\.NotExisting|NotFound/.test(messageOf(error));
    }
  }, { what: "the throwaway user can get a token", signal });
  const parts = created.move();
  return {
    ...{ ...secret, ...chosen, organization, projectId },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Gives a new organization a mapping, a project with the role, and its reader. */
async function fillOrganization(
  { admin, config, signal }: Live,
  { organization, name, role, mapping = {} }: LiveRole & {
    readonly organization: string;
    readonly name: string;
  },
): Promise<string> {
  const entries = Object.entries(mapping).map(([key, permissions]) => ({
    key,
    value: new TextEncoder().encode(JSON.stringify(permissions)),
  }));
  if (entries.length > 0) await setMetadata(admin, organization, entries);
  const options = { name, roles: [role] };
  const project = await createProject(admin, organization, options);
  signal.throwIfAborted();
  // The function's service user has to read the metadata.
  const reader = connect(config.origin, await getServiceToken(config));
  const { id: user } = await whoAmI(reader);
  await addMember(admin, organization, { user, role: "ORG_OWNER_VIEWER" });
  await waitUntil(async () => {
    const [visible] = await listOrganizations(reader, { id: organization });
    const listed = await listMetadata(reader, organization);
    return visible !== undefined && listed.entries.length === entries.length;
  }, { what: "the function's service user may read it", signal });
  return project.id;
}
