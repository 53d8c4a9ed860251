import { generateKeyPairSync } from "node:crypto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { AdminService } from "@zitadel/proto/zitadel/admin_pb.js";
import { AuthService } from "@zitadel/proto/zitadel/auth_pb.js";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { TextQueryMethod } from "@zitadel/proto/zitadel/object_pb.js";
import type { SearchQuery } from "@zitadel/proto/zitadel/member_pb.js";
import { UserService } from "@zitadel/proto/zitadel/user/v2/user_service_pb.js";
import {
  AccessTokenType,
  type UserSchema,
} from "@zitadel/proto/zitadel/user_pb.js";
import type { JWK } from "jose";
import { alreadyExists, notFound } from "../api_error.ts";
import { type ApiMethod, apiMethod } from "../api_method.ts";
import { newIdentifier, newSecret } from "../identifier.ts";
import { TOKEN_SECONDS } from "../issue_tokens.ts";
import { permissionsIn } from "../permissions.ts";
import { addPersonalToken } from "../populate.ts";
import { dated, touch, type User, userNamed, type World } from "../world.ts";
import { removeUser } from "./organizations.ts";

const { method } = ManagementService;
const SECRET_LENGTH = 64;
const PERSONAL_TOKEN_LENGTH = 71;
/** The expiry of a key without one: 9999-12-31. */
const NEVER_MS = 253_402_300_799_000;

/** The methods for users, their credentials, and administrators. */
export const userMethods: readonly ApiMethod[] = [
  apiMethod(AuthService.method.getMyUser, (_, { caller }) => ({
    user: userMessage(caller),
  })),
  apiMethod(
    AuthService.method.listMyZitadelPermissions,
    (_, { instance, caller, organization }) => ({
      result: permissionsIn(instance.world, caller, organization.id),
    }),
  ),
  apiMethod(method.listUsers, ({ queries }, { instance, organization }) => ({
    result: [...instance.world.users.values()].filter((user) =>
      user.organizationId === organization.id &&
      queries.every(({ query }) =>
        query.case !== "userNameQuery" ||
        query.value.userName === user.userName ||
        query.value.method === TextQueryMethod.STARTS_WITH &&
          user.userName.startsWith(query.value.userName)
      )
    ).map(userMessage),
  })),
  apiMethod(method.isUserUnique, ({ userName }, { instance }) => ({
    isUnique: userNamed(instance.world, userName) === undefined,
  })),
  apiMethod(UserService.method.addHumanUser, (request, call) => {
    const { org } = request.organization ?? {};
    const { profile, email, passwordType } = request;
    const user = addUser(call.instance.world, {
      organizationId: org?.case === "orgId" ? org.value : call.organization.id,
      userName: request.username ?? "",
      human: {
        firstName: profile?.givenName ?? "",
        lastName: profile?.familyName ?? "",
        email: email?.email ?? "",
        ...passwordType.case === "password" &&
          { password: passwordType.value.password },
      },
    });
    return { userId: user.id };
  }),
  apiMethod(method.addMachineUser, (request, { instance, organization }) => {
    const { userName, name, description, accessTokenType } = request;
    const isJwt = accessTokenType === AccessTokenType.JWT;
    const user = addUser(instance.world, {
      organizationId: organization.id,
      userName,
      machine: {
        ...{ name, description, accessToken: isJwt ? "jwt" : "opaque" },
        keys: new Map(),
      },
    });
    return { userId: user.id };
  }),
  apiMethod(method.removeUser, ({ id }, { instance }) => {
    removeUser(instance.world, userOf(instance.world, id).id);
    return {};
  }),
  apiMethod(method.bulkSetUserMetadata, ({ id, metadata }, { instance }) => {
    const user = userOf(instance.world, id);
    for (const { key, value } of metadata) {
      touch(user);
      user.metadata.set(key, { ...dated(user.sequence), value });
    }
    return {};
  }),
  apiMethod(method.generateMachineSecret, ({ userId }, { instance }) => {
    const { machine, userName } = machineOf(instance.world, userId);
    machine.secret = newSecret(SECRET_LENGTH);
    return { clientId: userName, clientSecret: machine.secret };
  }),
  apiMethod(
    method.addMachineKey,
    ({ userId, expirationDate }, { instance }) => {
      const { machine } = machineOf(instance.world, userId);
      const keyId = newIdentifier();
      const expiry = expirationDate ? timestampMs(expirationDate) : NEVER_MS;
      const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const jwk = pair.publicKey.export({ format: "jwk" });
      machine.keys.set(keyId, jwk as JWK);
      (machine.keyExpiries ??= new Map()).set(keyId, expiry);
      const file = {
        type: "serviceaccount",
        keyId,
        key: pair.privateKey.export({ type: "pkcs1", format: "pem" }),
        expirationDate: new Date(expiry).toISOString(),
        userId,
      };
      const keyDetails = new TextEncoder().encode(JSON.stringify(file));
      return { keyId, keyDetails };
    },
  ),
  apiMethod(method.listMachineKeys, ({ userId }, { instance }) => {
    const { machine } = machineOf(instance.world, userId);
    return {
      result: [...machine.keys.keys()].map((id) => {
        const expiry = machine.keyExpiries?.get(id);
        return {
          id,
          ...expiry !== undefined &&
            { expirationDate: timestampFromMs(expiry) },
        };
      }),
    };
  }),
  apiMethod(method.removeMachineKey, ({ userId, keyId }, { instance }) => {
    const { machine } = machineOf(instance.world, userId);
    if (!machine.keys.delete(keyId)) {
      throw notFound("Machine key not found", "COMMAND-4m77G");
    }
    return {};
  }),
  apiMethod(method.addPersonalAccessToken, (request, { instance }) => {
    const { world } = instance;
    const user = machineOf(world, request.userId);
    const token = newSecret(PERSONAL_TOKEN_LENGTH);
    const tokenId = addPersonalToken(world, user, token);
    if (request.expirationDate) {
      world.accessTokens.get(token)!.expiresAt = Math.floor(
        timestampMs(request.expirationDate) / 1000,
      );
    }
    return { tokenId, token };
  }),
  apiMethod(method.listPersonalAccessTokens, ({ userId }, { instance }) => ({
    result: [...instance.world.accessTokens.values()]
      .filter((token) => token.kind === "personal" && token.userId === userId)
      .map(({ id, expiresAt }) => ({
        id,
        expirationDate: timestampFromMs(expiresAt * 1000),
      })),
  })),
  apiMethod(method.removePersonalAccessToken, ({ tokenId }, { instance }) => {
    const { accessTokens } = instance.world;
    const found = [...accessTokens].find(([, { id }]) => id === tokenId);
    if (!found) {
      throw notFound("Personal access token not found", "COMMAND-4m77G");
    }
    accessTokens.delete(found[0]);
    return {};
  }),
  apiMethod(method.addOrgMember, ({ userId, roles }, call) => {
    const { instance: { world }, organization } = call;
    const user = userOf(world, userId);
    world.members.push({
      ...{ userId: user.id, organizationId: organization.id, roles },
    });
    return {};
  }),
  apiMethod(
    method.listOrgMembers,
    ({ queries }, { instance, organization }) => ({
      result: membersOf(instance.world, organization.id, queries),
    }),
  ),
  apiMethod(
    AdminService.method.addIAMMember,
    ({ userId, roles }, { instance }) => {
      const { id } = userOf(instance.world, userId);
      instance.world.members.push({ userId: id, roles });
      return {};
    },
  ),
  apiMethod(
    AdminService.method.listIAMMembers,
    ({ queries }, { instance }) => ({
      result: membersOf(instance.world, undefined, queries),
    }),
  ),
  apiMethod(AdminService.method.getOIDCSettings, () => ({
    settings: { accessTokenLifetime: { seconds: BigInt(TOKEN_SECONDS) } },
  })),
];

function membersOf(
  world: World,
  organizationId: string | undefined,
  queries: readonly SearchQuery[],
) {
  return world.members.filter((member) =>
    member.organizationId === organizationId &&
    queries.every(({ query }) =>
      query.case !== "userIdQuery" || query.value.userId === member.userId
    )
  ).map(({ userId, roles }) => ({ userId, roles: [...roles] }));
}

function addUser(
  world: World,
  user: Pick<User, "organizationId" | "userName" | "human" | "machine">,
): User {
  if (userNamed(world, user.userName)) {
    throw alreadyExists("User already exists");
  }
  const added = {
    ...dated(user.human ? 2 : 1),
    ...{ id: newIdentifier(), metadata: new Map(), ...user },
  };
  world.users.set(added.id, added);
  return added;
}

function userOf(world: World, id: string): User {
  const user = world.users.get(id);
  if (!user) throw notFound("User could not be found", "QUERY-Dfbg2");
  return user;
}

function machineOf(world: World, id: string) {
  const user = userOf(world, id);
  const { machine } = user;
  if (!machine) throw notFound("User could not be found", "COMMAND-sn1mn");
  return Object.assign(user, { machine });
}

/** A user as the v1 APIs describe it. */
function userMessage(user: User): MessageInitShape<typeof UserSchema> {
  const { id, userName, organizationId, human, machine } = user;
  return {
    id,
    userName,
    details: { resourceOwner: organizationId },
    preferredLoginName: userName,
    type: human
      ? { case: "human", value: { email: { email: human.email } } }
      : {
        case: "machine",
        value: { description: machine?.description ?? "" },
      },
  };
}
