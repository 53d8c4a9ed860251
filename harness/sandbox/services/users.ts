import { generateKeyPairSync } from "node:crypto";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { AdminService } from "@zitadel/proto/zitadel/admin_pb.js";
import { AuthService } from "@zitadel/proto/zitadel/auth_pb.js";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import type { SearchQuery } from "@zitadel/proto/zitadel/member_pb.js";
import { TextQueryMethod } from "@zitadel/proto/zitadel/object_pb.js";
import { Type } from "@zitadel/proto/zitadel/user/v2/query_pb.js";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb.js";
import { AccessTokenType } from "@zitadel/proto/zitadel/user_pb.js";
import type { JWK } from "jose";
import { notFound } from "../api_error.ts";
import { listOf, methodsOf } from "../api_method.ts";
import { newIdentifier, newSecret } from "../identifier.ts";
import { TOKEN_SECONDS } from "../issue_tokens.ts";
import { permissionsIn } from "../permissions.ts";
import { addPersonalToken, addUser, setEntry } from "../populate.ts";
import {
  removeAllOf,
  rowsOf,
  type User,
  userNamed,
  type World,
} from "../world.ts";

/** The expiry of a key without one: 9999-12-31. */
const NEVER_MS = 253_402_300_799_000;

const management = methodsOf(ManagementService, {
  listUsers: ({ queries }, { world, organization }) => ({
    result: rowsOf(world.users, { organizationId: organization.id }).filter((
      user,
    ) =>
      queries.every(({ query: { case: kind, value } }) =>
        kind !== "userNameQuery" || value.userName === user.userName ||
        value.method === TextQueryMethod.STARTS_WITH &&
          user.userName.startsWith(value.userName)
      )
    ).map(userMessage),
  }),
  isUserUnique: ({ userName }, { world }) => ({
    isUnique: userNamed(world, userName) === undefined,
  }),
  addMachineUser: (request, { world, organization }) => {
    const { userName, name, description } = request;
    const isJwt = request.accessTokenType === AccessTokenType.JWT;
    const user = addUser(world, {
      userName,
      name,
      description,
      isMachine: true,
      organizationId: organization.id,
      accessToken: isJwt ? "jwt" : "opaque",
    });
    return { userId: user.id };
  },
  removeUser: ({ id }, { world }) => {
    world.users.delete(userOf(world, id).id);
    removeAllOf(world, "userId", id);
    return {};
  },
  bulkSetUserMetadata: ({ id, metadata }, { world }) => {
    const user = userOf(world, id);
    for (const { key, value } of metadata) setEntry(user, key, value);
    return {};
  },
  generateMachineSecret: ({ userId }, { world }) => {
    const user = userOf(world, userId);
    user.secret = newSecret();
    return { clientId: user.userName, clientSecret: user.secret };
  },
  addMachineKey: ({ userId, expirationDate }, { world }) => {
    const keyId = newIdentifier();
    const expiresAt = expirationDate ? timestampMs(expirationDate) : NEVER_MS;
    const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = pair.publicKey.export({ format: "jwk" }) as JWK;
    userOf(world, userId).keys.set(keyId, { jwk, expiresAt });
    const file = {
      type: "serviceaccount",
      keyId,
      userId,
      key: pair.privateKey.export({ type: "pkcs1", format: "pem" }),
      expirationDate: new Date(expiresAt).toISOString(),
    };
    const keyDetails = new TextEncoder().encode(JSON.stringify(file));
    return { keyId, keyDetails };
  },
  listMachineKeys: ({ userId }, { world }) => ({
    result: Array.from(userOf(world, userId).keys, ([id, { expiresAt }]) => (
      { id, expirationDate: timestampFromMs(expiresAt) }
    )),
  }),
  removeMachineKey: ({ userId, keyId }, { world }) => {
    if (userOf(world, userId).keys.delete(keyId)) return {};
    throw notFound("Machine key not found", "COMMAND-4m77G");
  },
  addPersonalAccessToken: ({ userId, expirationDate }, { world }) =>
    addPersonalToken(world, userOf(world, userId), {
      expiresAt: expirationDate &&
        Math.floor(timestampMs(expirationDate) / 1000),
    }),
  listPersonalAccessTokens: ({ userId }, { world }) => ({
    result: rowsOf(world.accessTokens, { kind: "personal", userId })
      .map(({ id, expiresAt }) => (
        { id, expirationDate: timestampFromMs(expiresAt * 1000) }
      )),
  }),
  removePersonalAccessToken: ({ tokenId }, { world: { accessTokens } }) => {
    const found = accessTokens.entries().find(([, { id }]) => id === tokenId);
    if (found && accessTokens.delete(found[0])) return {};
    throw notFound("Personal access token not found", "COMMAND-4m77G");
  },
  addOrgMember: ({ userId, roles }, { world, organization }) => {
    const { id } = userOf(world, userId);
    world.members.push({ userId: id, organizationId: organization.id, roles });
    return {};
  },
  listOrgMembers: ({ queries }, { world, organization }) =>
    membersOf(world, organization.id, queries),
});

/** The methods for users, their credentials, and administrators. */
export const userMethods = [
  ...management,
  ...methodsOf(AuthService, {
    getMyUser: (_, { caller }) => ({ user: userMessage(caller) }),
    listMyZitadelPermissions: (_, { world, caller, organization }) => ({
      result: permissionsIn(world, caller, organization.id),
    }),
  }),
  ...methodsOf(UserService, {
    listUsers: ({ queries, query }, { world }) => {
      const found = world.users.values().filter(({ isMachine }) =>
        queries.every(({ query: { case: kind, value } }) =>
          kind !== "typeQuery" || (value.type === Type.MACHINE) === isMachine
        )
      );
      return listOf(found, query, userMessage);
    },
    addHumanUser: (request, { world, organization }) => {
      const { org } = request.organization ?? {};
      const { username = "", profile, email, passwordType } = request;
      const user = addUser(world, {
        organizationId: org?.case === "orgId" ? org.value : organization.id,
        userName: username,
        isMachine: false,
        email: email?.email ?? "",
        firstName: profile?.givenName ?? "",
        lastName: profile?.familyName ?? "",
        password: passwordType.case === "password"
          ? passwordType.value.password
          : undefined,
      });
      return { userId: user.id };
    },
  }),
  ...methodsOf(AdminService, {
    addIAMMember: ({ userId, roles }, { world }) => {
      world.members.push({ userId: userOf(world, userId).id, roles });
      return {};
    },
    removeIAMMember: ({ userId }, { world }) => {
      world.members = world.members.filter((member) =>
        member.organizationId !== undefined || member.userId !== userId
      );
      return {};
    },
    listIAMMembers: ({ queries }, { world }) =>
      membersOf(world, undefined, queries),
    getOIDCSettings: () => ({
      settings: { accessTokenLifetime: { seconds: BigInt(TOKEN_SECONDS) } },
    }),
  }),
];

function membersOf(
  { members }: World,
  organizationId: string | undefined,
  queries: readonly SearchQuery[],
) {
  return {
    result: members.filter((member) =>
      member.organizationId === organizationId &&
      queries.every(({ query }) =>
        query.case !== "userIdQuery" || query.value.userId === member.userId
      )
    ).map(({ userId, roles }) => ({ userId, roles })),
  };
}

function userOf(world: World, id: string): User {
  const user = world.users.get(id);
  if (!user) throw notFound("User could not be found", "QUERY-Dfbg2");
  return user;
}

/** A user as the APIs describe it, with the names of v1 and of v2. */
function userMessage(user: User) {
  const { id, userName, organizationId, email, description } = user;
  return {
    id,
    userName,
    userId: id,
    username: userName,
    preferredLoginName: userName,
    details: { resourceOwner: organizationId },
    type: user.isMachine
      ? { case: "machine", value: { description } } as const
      : { case: "human", value: { email: { email } } } as const,
  };
}
