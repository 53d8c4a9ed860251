/**
 * Users, their secrets and memberships.
 *
 * @module
 */
import { AuthService } from "@zitadel/proto/zitadel/auth_pb";
import { AccessTokenType } from "@zitadel/proto/zitadel/user_pb";
import { type Instance, to } from "./client.ts";
import { managementOf } from "./manage.ts";

/** The user that a token belongs to. */
export type Me = Awaited<ReturnType<typeof whoAmI>>;

/** Returns the token's user; the simplest test that the token is valid. */
export async function whoAmI(instance: Instance) {
  const { user } = await instance.service(AuthService)
    .getMyUser({}, to("ask whose token this is"));
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
  const user = { userName, name: userName, ...settings };
  const { userId } = await managementOf(instance, organization)
    .addMachineUser(user, to(`create the service user "${userName}"`));
  return userId;
}

/** Creates a client secret for a service user; it replaces the current one. */
export async function createSecret(
  instance: Instance,
  organization: string,
  userId: string,
) {
  const { clientId, clientSecret } = await managementOf(instance, organization)
    .generateMachineSecret({ userId }, to("make a client secret"));
  return { clientId, clientSecret };
}

/** Gives a user an administrator role in an organization. */
export async function addMember(
  instance: Instance,
  organization: string,
  { user: userId, role }: { readonly user: string; readonly role: string },
): Promise<void> {
  await managementOf(instance, organization)
    .addOrgMember({ userId, roles: [role] }, to(`give the role ${role}`));
}

/** Removes a user, and with it every grant, key and token. */
export async function removeUser(
  instance: Instance,
  organization: string,
  id: string,
): Promise<void> {
  await managementOf(instance, organization)
    .removeUser({ id }, to("remove the user"));
}
