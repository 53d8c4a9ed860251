/**
 * Users, their secrets, grants and memberships.
 *
 * @module
 */
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AuthService } from "@zitadel/proto/zitadel/auth_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { AccessTokenType } from "@zitadel/proto/zitadel/user_pb";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb";
import type { Instance } from "./client.ts";
import { listManagersOf } from "./managers.ts";
import { attempt } from "./zitadel_error.ts";

/** The lifetime of the personal access tokens created here, in milliseconds. */
const TOKEN_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** The user that a token belongs to. */
export interface Me {
  readonly id: string;
  readonly loginName: string;
  readonly organization: string;
}

/** Returns the token's user; the simplest test that the token is valid. */
export async function whoAmI(instance: Instance): Promise<Me> {
  const { user } = await attempt(
    "ask whose token this is",
    () => instance.service(AuthService).getMyUser({}),
  );
  return {
    id: user?.id ?? "",
    loginName: user?.preferredLoginName ?? "",
    organization: user?.details?.resourceOwner ?? "",
  };
}

/**
 * Creates a service user whose access tokens are JWTs, the only kind that calls
 * the function.
 */
export async function createServiceUser(
  instance: Instance,
  organization: string,
  userName: string,
): Promise<string> {
  const { userId } = await attempt(
    `create the service user "${userName}"`,
    () =>
      instance.service(ManagementService, { organization }).addMachineUser({
        userName,
        name: userName,
        accessTokenType: AccessTokenType.JWT,
      }),
  );
  return userId;
}

/** Creates a client secret for a service user; it replaces the current one. */
export async function createSecret(
  instance: Instance,
  organization: string,
  user: string,
): Promise<{ clientId: string; clientSecret: string }> {
  const { clientId, clientSecret } = await attempt(
    "make a client secret",
    () =>
      instance.service(ManagementService, { organization })
        .generateMachineSecret({ userId: user }),
  );
  return { clientId, clientSecret };
}

/** Creates a personal access token for one day. */
export async function createAccessToken(
  instance: Instance,
  organization: string,
  user: string,
): Promise<string> {
  const { token } = await attempt(
    "make a personal access token",
    () =>
      instance.service(ManagementService, { organization })
        .addPersonalAccessToken({
          userId: user,
          expirationDate: timestampFromDate(
            new Date(Date.now() + TOKEN_LIFETIME_MS),
          ),
        }),
  );
  return token;
}

/** Lists the managers of an organization, or without one of the instance, that have a role, by user id. */
export async function listManagers(
  instance: Instance,
  role: string,
  organization?: string,
): Promise<string[]> {
  const managers = await listManagersOf(instance, organization);
  return managers.filter(({ roles }) => roles.includes(role))
    .map(({ id }) => id);
}

/** Gives a user an administrator role in an organization. */
export async function addMember(
  instance: Instance,
  organization: string,
  options: { readonly user: string; readonly role: string },
): Promise<void> {
  await attempt(
    `give the role ${options.role}`,
    () =>
      instance.service(ManagementService, { organization }).addOrgMember({
        userId: options.user,
        roles: [options.role],
      }),
  );
}

/** Creates a person whose password need not be changed. */
export async function createPerson(
  instance: Instance,
  organization: string,
  options: { readonly userName: string; readonly password: string },
): Promise<string> {
  const { userName, password } = options;
  const { userId } = await attempt(
    `create the user "${userName}"`,
    () =>
      instance.service(UserService).addHumanUser({
        username: userName,
        organization: { org: { case: "orgId", value: organization } },
        profile: { givenName: "Alice", familyName: "Example" },
        email: {
          email: "alice@example.com",
          verification: { case: "isVerified", value: true },
        },
        passwordType: {
          case: "password",
          value: { password, changeRequired: false },
        },
      }),
  );
  return userId;
}

/** Gives a user roles of a project. */
export async function grantRoles(
  instance: Instance,
  organization: string,
  options: {
    readonly user: string;
    readonly project: string;
    readonly roles: readonly string[];
  },
): Promise<void> {
  await attempt(
    "grant roles",
    () =>
      instance.service(ManagementService, { organization }).addUserGrant({
        userId: options.user,
        projectId: options.project,
        roleKeys: [...options.roles],
      }),
  );
}

/** Removes a user, and with it every grant, key and token. */
export async function removeUser(
  instance: Instance,
  organization: string,
  id: string,
): Promise<void> {
  await attempt(
    "remove the user",
    () =>
      instance.service(ManagementService, { organization }).removeUser({ id }),
  );
}
