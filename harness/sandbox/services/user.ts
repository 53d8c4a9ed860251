import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AdminService } from "@zitadel/proto/zitadel/admin_pb.js";
import { AuthService } from "@zitadel/proto/zitadel/auth_pb.js";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb.js";
import { type ApiMethod, apiMethod } from "../api_method.ts";
import { newIdentifier } from "../identifier.ts";
import { permissionsIn } from "../permissions.ts";
import { removeUser } from "../remove.ts";
import { dated } from "../dated.ts";
import type { User } from "../world.ts";
import { createdDetails } from "./details.ts";
import { memberList } from "./member_list.ts";
import { checkUserName, setUserMetadata, userOf } from "./management_user.ts";
import { userMessage } from "./user_message.ts";

/** ZITADEL's default lifetime of access tokens: 12 hours. */
const ACCESS_TOKEN_SECONDS = 43_200n;

/**
 * User v2 for people, the caller's own user, and the instance's administrators.
 */
export function userMethods(): ApiMethod[] {
  return [
    apiMethod(UserService.method.addHumanUser, (request, call) => {
      const { world } = call.instance;
      const email = request.email?.email ?? "";
      const userName = request.username || email;
      checkUserName(world, userName);
      const { org } = request.organization ?? {};
      const user: User = {
        ...dated(2),
        id: request.userId || newIdentifier(),
        organizationId: org?.case === "orgId"
          ? org.value
          : call.organization.id,
        userName,
        human: {
          firstName: request.profile?.givenName ?? "",
          lastName: request.profile?.familyName ?? "",
          email,
          ...(request.passwordType.case === "password" &&
            { password: request.passwordType.value.password }),
        },
        metadata: new Map(),
      };
      setUserMetadata(user, request.metadata);
      world.users.set(user.id, user);
      return { userId: user.id, details: v2Details(user) };
    }),
    apiMethod(UserService.method.deleteUser, ({ userId }, { instance }) => {
      const user = userOf(instance.world, userId);
      removeUser(instance.world, userId);
      return { details: v2Details(user) };
    }),
    apiMethod(AuthService.method.getMyUser, (_, { caller }) => ({
      user: userMessage(caller),
    })),
    apiMethod(
      AuthService.method.listMyZitadelPermissions,
      (_, { instance, caller, organization }) => ({
        result: permissionsIn(instance.world, caller, organization.id),
      }),
    ),
    apiMethod(
      AdminService.method.listIAMMembers,
      ({ query, queries }, { instance }) =>
        memberList(instance.world, { query, queries }),
    ),
    apiMethod(AdminService.method.getOIDCSettings, () => ({
      settings: { accessTokenLifetime: { seconds: ACCESS_TOKEN_SECONDS } },
    })),
    apiMethod(AdminService.method.addIAMMember, (request, { instance }) => {
      const user = userOf(instance.world, request.userId);
      instance.world.members.push({
        userId: user.id,
        roles: [...request.roles],
      });
      return { details: createdDetails(dated(), instance.world.instanceId) };
    }),
  ];
}

function v2Details(user: User) {
  return {
    sequence: BigInt(user.sequence),
    changeDate: timestampFromDate(user.changed),
    resourceOwner: user.organizationId,
  };
}
