/**
 * The function's own service user, which reads the mapping. It is recognized by
 * its description, which also names the target that it was created for: a user
 * that someone else created is never changed.
 *
 * @module
 */
import { AdminService } from "@zitadel/proto/zitadel/admin_pb";
import { Type } from "@zitadel/proto/zitadel/user/v2/query_pb";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb";
import { type Instance, to } from "./client.ts";
import { managementOf } from "./manage.ts";
import { listManagersOf } from "./managers.ts";
import { listAll } from "./pages.ts";
import { addMember, createServiceUser } from "./user.ts";

/** What the service user is called unless the operator names it otherwise. */
export const DEFAULT_SERVICE_USER_NAME = "permissions-function";

/** The description that marks a service user as created by `setup` for a target. */
const markOf = (target: string) =>
  `Reads role mappings for the permissions function (created by setup for ${target})`;
/** Version 0.1.0 did not name the target. */
const MARKED =
  /^Reads role mappings for the permissions function \(created by setup(?: for (.+))?\)$/s;

/** What the service user may do: read one organization, or all. */
export type ReaderRole = "ORG_OWNER_VIEWER" | "IAM_OWNER_VIEWER";

export interface ServiceUser {
  readonly id: string;
  readonly name: string;
  /** The organization that it belongs to. */
  readonly organization: string;
  /** For which target `setup` created it: `""` if that was not noted, `undefined` if it did not. */
  readonly createdFor: string | undefined;
}

/** Lists the service users of the whole instance. */
export function listServiceUsers(instance: Instance): Promise<ServiceUser[]> {
  const users = instance.service(UserService);
  const value = { type: Type.MACHINE };
  return listAll(
    "list the service users",
    (page) =>
      users.listUsers({
        ...page,
        queries: [{ query: { case: "typeQuery", value } }],
      }),
    ({ userId, username, details, type }) => {
      const isMachine = type.case === "machine";
      const mark = isMachine ? MARKED.exec(type.value.description) : null;
      return {
        id: userId,
        name: username,
        organization: details?.resourceOwner ?? "",
        createdFor: mark ? mark[1] ?? "" : undefined,
      };
    },
  );
}

/** Reports whether a new user of an organization could not have the name. */
export async function isUserNameTaken(
  instance: Instance,
  organization: string,
  userName: string,
): Promise<boolean> {
  // With an address, some releases compare only that.
  const { isUnique } = await managementOf(instance, organization)
    .isUserUnique({ userName }, to("check the service user's name"));
  return !isUnique;
}

/** Creates the service user, marked as a target's and without any right. */
export async function createMarkedServiceUser(
  instance: Instance,
  organization: string,
  { name, target }: { readonly name: string; readonly target: string },
): Promise<ServiceUser> {
  // Its own tokens must not call the function: they are no JWTs.
  const id = await createServiceUser(instance, organization, name, {
    description: markOf(target),
  });
  return { id, name, organization, createdFor: target };
}

/** A user, and the organization that a role of its is about. */
export type RoleHolder = Pick<ServiceUser, "id" | "organization">;

/** Lists a user's roles of the instance, or of an organization. */
export async function rolesOf(
  instance: Instance,
  { id: user, organization }: RoleHolder,
  level: ReaderRole,
): Promise<readonly string[]> {
  const place = level === "IAM_OWNER_VIEWER" ? undefined : organization;
  const managers = await listManagersOf(instance, place, { user });
  return managers.flatMap(({ roles }) => roles);
}

/** Gives a user a role, of the instance or of an organization. */
export async function giveReaderRole(
  instance: Instance,
  { id: user, organization }: RoleHolder,
  role: ReaderRole,
): Promise<void> {
  if (role === "ORG_OWNER_VIEWER") {
    return await addMember(instance, organization, { user, role });
  }
  const member = { userId: user, roles: [role] };
  await instance.service(AdminService)
    .addIAMMember(member, to(`give the role ${role}`));
}

/** Takes every role of the instance from a user. */
export async function takeInstanceRoles(
  instance: Instance,
  userId: string,
): Promise<void> {
  await instance.service(AdminService)
    .removeIAMMember({ userId }, to("take the user's role of the instance"));
}
