/**
 * Throwaway users for the live check: a service user with one role, and as
 * little around it as the check needs.
 *
 * @module
 */
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { waitUntil } from "../util/wait_until.ts";
import { connect, type Instance } from "../zitadel/client.ts";
import { listMetadata, setMetadata } from "../zitadel/metadata.ts";
import {
  createOrganization,
  listOrganizations,
  removeOrganization,
} from "../zitadel/organization.ts";
import { createProject } from "../zitadel/project.ts";
import { checkName } from "./leftovers.ts";
import {
  addMember,
  createSecret,
  createServiceUser,
  grantRoles,
  removeUser,
} from "../zitadel/user.ts";

/** A service user with one role; disposing of it removes all that was created. */
export interface LiveUser extends AsyncDisposable {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly projectId: string;
  /** The organization that gave the grant. */
  readonly organization: string;
  readonly role: string;
  /** What the role permits. */
  readonly permissions: readonly string[];
}

/** A role that is granted. */
export interface LiveRole {
  readonly role: string;
  readonly permissions: readonly string[];
}

/** Creates an organization with a project and a user who has one of its roles. */
export async function createUserInNewOrganization(
  admin: Instance,
  { granted, mapping, reader, signal }: {
    readonly granted: LiveRole;
    /** What the organization's metadata says; none if another's counts. */
    readonly mapping: Readonly<Record<string, readonly string[]>>;
    /** The function's service user, who has to read the metadata. */
    readonly reader: { readonly id: string; readonly token: string };
    readonly signal: AbortSignal;
  },
): Promise<LiveUser> {
  const name = checkName();
  const { id: organization } = await createOrganization(admin, name);
  const remove = () => removeOrganization(admin, organization);
  return await orRemove(remove, async () => {
    const entries = Object.entries(mapping).map(([key, permissions]) => ({
      key,
      value: new TextEncoder().encode(JSON.stringify(permissions)),
    }));
    if (entries.length > 0) await setMetadata(admin, organization, entries);
    const project = await createProject(admin, organization, {
      name,
      roles: [granted.role],
    });
    const user = await createUser(admin, {
      name,
      organization,
      projectId: project.id,
      role: granted.role,
      signal,
    });
    await addMember(admin, organization, {
      user: reader.id,
      role: "ORG_OWNER_VIEWER",
    });
    const asReader = connect(admin.origin, reader.token);
    await waitUntil(async () => {
      const [visible] = await listOrganizations(asReader, { id: organization });
      const listed = await listMetadata(asReader, organization);
      return visible !== undefined && listed.entries.length === entries.length;
    }, { what: "the function's service user may read it", signal });
    return {
      ...user,
      ...granted,
      organization,
      projectId: project.id,
      [Symbol.asyncDispose]: remove,
    };
  });
}

/** Creates a user in the organization that owns a project, with one of its roles. */
export async function createUserOfProject(
  admin: Instance,
  { granted, organization, projectId, signal }: {
    readonly granted: LiveRole;
    readonly organization: string;
    readonly projectId: string;
    readonly signal: AbortSignal;
  },
): Promise<LiveUser> {
  const name = checkName();
  const user = await createUser(admin, {
    name,
    organization,
    projectId,
    role: granted.role,
    signal,
  });
  const { id, ...credential } = user;
  return {
    ...credential,
    ...granted,
    organization,
    projectId,
    [Symbol.asyncDispose]: () => removeUser(admin, organization, id),
  };
}

async function createUser(
  admin: Instance,
  { name, organization, projectId, role, signal }: {
    readonly name: string;
    readonly organization: string;
    readonly projectId: string;
    readonly role: string;
    readonly signal: AbortSignal;
  },
): Promise<{ id: string; clientId: string; clientSecret: string }> {
  const id = await createServiceUser(admin, organization, name);
  return await orRemove(
    () => removeUser(admin, organization, id),
    async () => {
      signal.throwIfAborted();
      await grantRoles(admin, organization, {
        user: id,
        project: projectId,
        roles: [role],
      });
      const secret = await createSecret(admin, organization, id);
      await grantSettles(admin, organization, { user: id, signal });
      return { id, ...secret };
    },
  );
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

/** Removes what was created if what follows fails. */
async function orRemove<T>(
  remove: () => Promise<void>,
  create: () => Promise<T>,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    await remove();
    throw error;
  }
}
