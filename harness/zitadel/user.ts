/**
 * Users, their secrets, grants and memberships.
 *
 * @module
 */
import { AuthService } from "@zitadel/proto/zitadel/auth_pb";
import { AccessTokenType } from "@zitadel/proto/zitadel/user_pb";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb";
import type { Instance } from "./client.ts";
import { createCredential } from "./credential.ts";
import { manage } from "./manage.ts";
import { attempt } from "./zitadel_error.ts";

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
 * Creates a service user: by default one whose access tokens are JWTs, the only
 * kind that calls the function.
 */
export async function createServiceUser(
  instance: Instance,
  organization: string,
  userName: string,
  settings: {
    readonly description?: string;
    readonly accessTokenType?: AccessTokenType;
  } = { accessTokenType: AccessTokenType.JWT },
): Promise<string> {
  const action = `create the service user "${userName}"`;
  const user = { userName, name: userName, ...settings };
  const { userId } = await manage(
    instance,
    organization,
    action,
    (management) => management.addMachineUser(user),
  );
  return userId;
}

/** Creates a client secret for a service user; it replaces the current one. */
export function createSecret(
  instance: Instance,
  organization: string,
  userId: string,
): Promise<{ readonly clientId: string; readonly clientSecret: string }> {
  return manage(
    instance,
    organization,
    "make a client secret",
    async (management) => {
      const secret = await management.generateMachineSecret({ userId });
      return { clientId: secret.clientId, clientSecret: secret.clientSecret };
    },
  );
}

/** Creates a personal access token for one day. */
export async function createAccessToken(
  instance: Instance,
  organization: string,
  user: string,
): Promise<string> {
  const owner = { organization, user };
  const { value } = await createCredential(instance, owner, {
    kind: "pat",
    days: 1,
  });
  return value;
}

/** Gives a user an administrator role in an organization. */
export async function addMember(
  instance: Instance,
  organization: string,
  { user: userId, role }: { readonly user: string; readonly role: string },
): Promise<void> {
  await manage(
    instance,
    organization,
    `give the role ${role}`,
    (management) => management.addOrgMember({ userId, roles: [role] }),
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
  { user: userId, project: projectId, roles }: {
    readonly user: string;
    readonly project: string;
    readonly roles: readonly string[];
  },
): Promise<void> {
  const grant = { userId, projectId, roleKeys: [...roles] };
  await manage(
    instance,
    organization,
    "grant roles",
    (management) => management.addUserGrant(grant),
  );
}

/** Removes a user, and with it every grant, key and token. */
export async function removeUser(
  instance: Instance,
  organization: string,
  id: string,
): Promise<void> {
  await manage(
    instance,
    organization,
    "remove the user",
    (management) => management.removeUser({ id }),
  );
}
