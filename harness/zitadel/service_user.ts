/**
 * The function's own service user, which reads the mapping. It is recognized by
 * its description: a user that someone else created is never changed.
 *
 * @module
 */
import { AdminService } from "@zitadel/proto/zitadel/admin_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { TextQueryMethod } from "@zitadel/proto/zitadel/object_pb";
import type { Instance } from "./client.ts";
import { addMember } from "./user.ts";
import { attempt } from "./zitadel_error.ts";

/** What the service user is called unless the operator names it otherwise. */
export const DEFAULT_SERVICE_USER_NAME = "permissions-function";

/** The description that marks a service user as created by `setup`. */
const MARK =
  "Reads role mappings for the permissions function (created by setup)";

/** What the service user may do: read one organization, or all. */
export type ReaderRole = "ORG_OWNER_VIEWER" | "IAM_OWNER_VIEWER";

/** A user of that name. */
export interface FoundUser {
  readonly id: string;
  readonly organization: string;
  /** Whether `setup` created it. */
  readonly isOurs: boolean;
}

/** Finds the user of a name in an organization. */
export async function findServiceUser(
  instance: Instance,
  organization: string,
  userName: string,
): Promise<FoundUser | undefined> {
  const { result } = await attempt(
    "look for the service user",
    () =>
      instance.service(ManagementService, { organization }).listUsers({
        queries: [{
          query: {
            case: "userNameQuery",
            value: { userName, method: TextQueryMethod.EQUALS },
          },
        }],
      }),
  );
  const [user] = result;
  if (user === undefined) return undefined;
  const { type } = user;
  const isOurs = type.case === "machine" && type.value.description === MARK;
  return { id: user.id, organization, isOurs };
}

/** Reports whether a user of another organization has the name. */
export async function isUserNameTaken(
  instance: Instance,
  organization: string,
  userName: string,
): Promise<boolean> {
  const { isUnique } = await attempt(
    "check the service user's name",
    () =>
      // With an address, some releases compare only that.
      instance.service(ManagementService, { organization })
        .isUserUnique({ userName, email: "" }),
  );
  return !isUnique;
}

/** Creates the service user, marked as ours and without any right. */
export async function createMarkedServiceUser(
  instance: Instance,
  organization: string,
  userName: string,
): Promise<FoundUser> {
  const { userId } = await attempt(
    `create the service user "${userName}"`,
    () =>
      instance.service(ManagementService, { organization }).addMachineUser({
        userName,
        name: userName,
        description: MARK,
      }),
  );
  return { id: userId, organization, isOurs: true };
}

/** Reports whether a user has a role, of the instance or of its organization. */
export async function hasReaderRole(
  instance: Instance,
  { id: userId, organization }: FoundUser,
  role: ReaderRole,
): Promise<boolean> {
  const queries = [{
    query: { case: "userIdQuery" as const, value: { userId } },
  }];
  const { result } = await attempt<{ result: { roles: string[] }[] }>(
    "list the service user's roles",
    () =>
      role === "IAM_OWNER_VIEWER"
        ? instance.service(AdminService).listIAMMembers({ queries })
        : instance.service(ManagementService, { organization })
          .listOrgMembers({ queries }),
  );
  return result.some(({ roles }) => roles.includes(role));
}

/** Gives a user a role, of the instance or of its organization. */
export async function giveReaderRole(
  instance: Instance,
  { id, organization }: FoundUser,
  role: ReaderRole,
): Promise<void> {
  if (role === "ORG_OWNER_VIEWER") {
    await addMember(instance, organization, { user: id, role });
    return;
  }
  await attempt(
    `give the role ${role}`,
    () =>
      instance.service(AdminService).addIAMMember({
        userId: id,
        roles: [role],
      }),
  );
}
