/**
 * Throwaway users for the live check: a service user with one role, and as
 * little around it as the check needs.
 *
 * @module
 */
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import type { Config } from "../../lib/config/settings.ts";
import { waitUntil } from "../util/wait_until.ts";
import { connect, type Instance } from "../zitadel/client.ts";
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
  grantRoles,
  removeUser,
  whoAmI,
} from "../zitadel/user.ts";
import type { LivePlace, LiveRole } from "./choose_live_role.ts";
import { checkName, isLeftover } from "./leftovers.ts";

/** A service user with one role; disposing of it removes all that was created. */
export interface LiveUser extends LiveRole, AsyncDisposable {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly projectId: string;
  /** The organization that gave the grant. */
  readonly organization: string;
}

interface LiveOptions {
  readonly config: Config;
  readonly signal: AbortSignal;
}

/**
 * Creates a user who has one role, in the organization of a real project or in a
 * new one. If a step fails, or the signal aborts, what was created is removed.
 */
export async function createLiveUser(
  admin: Instance,
  choice: LivePlace,
  options: LiveOptions,
): Promise<LiveUser> {
  await using created = new AsyncDisposableStack();
  const { signal } = options;
  const { granted } = choice;
  const name = checkName();
  let organization: string, project: string;
  if (choice.kind === "project") {
    organization = choice.project.owner.id;
    project = choice.project.id;
    if (isLeftover({ name: granted.role })) {
      const { role: key } = granted;
      const management = admin.service(ManagementService, { organization });
      await management.bulkAddProjectRoles({
        projectId: project,
        roles: [{ key, displayName: key }],
      });
      created.defer(async () => {
        await management.removeProjectRole({
          projectId: project,
          roleKey: key,
        });
      });
    }
  } else {
    const { id } = await createOrganization(admin, name);
    created.defer(() => removeOrganization(admin, id));
    organization = id;
    project = await fillOrganization(admin, { ...choice, id, name }, options);
  }
  const user = await createServiceUser(admin, organization, name);
  if (choice.kind === "project") {
    created.defer(() => removeUser(admin, organization, user));
  }
  signal.throwIfAborted();
  const roles = [granted.role];
  await grantRoles(admin, organization, { user, project, roles });
  const secret = await createSecret(admin, organization, user);
  await grantSettles(admin, organization, { user, signal });
  const parts = created.move();
  return {
    ...secret,
    ...granted,
    organization,
    projectId: project,
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** Gives a new organization a mapping, a project with the role, and its reader. */
async function fillOrganization(
  admin: Instance,
  { id, name, mapping, granted }:
    & Extract<LivePlace, { kind: "organization" }>
    & { readonly id: string; readonly name: string },
  { config, signal }: LiveOptions,
): Promise<string> {
  const entries = Object.entries(mapping).map(([key, permissions]) => ({
    key,
    value: new TextEncoder().encode(JSON.stringify(permissions)),
  }));
  if (entries.length > 0) await setMetadata(admin, id, entries);
  const roles = [granted.role];
  const project = await createProject(admin, id, { name, roles });
  signal.throwIfAborted();
  // The function's service user has to read the metadata.
  const reader = connect(config.origin, await getServiceToken(config));
  const { id: user } = await whoAmI(reader);
  await addMember(admin, id, { user, role: "ORG_OWNER_VIEWER" });
  await waitUntil(async () => {
    const [visible] = await listOrganizations(reader, { id });
    const listed = await listMetadata(reader, id);
    return visible !== undefined && listed.entries.length === entries.length;
  }, { what: "the function's service user may read it", signal });
  return project.id;
}

/** Reads lag behind writes: a token that comes too early has no roles. */
async function grantSettles(
  admin: Instance,
  organization: string,
  { user, signal }: { readonly user: string; readonly signal: AbortSignal },
): Promise<void> {
  const management = admin.service(ManagementService, { organization });
  await waitUntil(async () => {
    const { result } = await management.listUserGrants({
      queries: [{ query: { case: "userIdQuery", value: { userId: user } } }],
    });
    return result.length > 0;
  }, { what: "the grant can be read", signal });
}
