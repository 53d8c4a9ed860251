import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { JWK } from "jose";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { AccessTokenType } from "@zitadel/proto/zitadel/user_pb.js";
import { alreadyExists, notFound } from "../api_error.ts";
import { type ApiMethod, apiMethod } from "../api_method.ts";
import { newIdentifier } from "../identifier.ts";
import { listOf, matchesText } from "../list.ts";
import { addPersonalToken } from "../populate.ts";
import { removeUser } from "../remove.ts";
import { dated, touch } from "../dated.ts";
import { newSecret } from "../secret.ts";
import { userNamed } from "../find.ts";
import type { User, World } from "../world.ts";
import { changedDetails, madeDetails } from "./details.ts";
import { userMessage } from "./user_message.ts";

const { method } = ManagementService;
const SECRET_LENGTH = 64;
const PERSONAL_TOKEN_LENGTH = 71;

/**
 * Management v1 as far as it is about users: service users and their
 * credentials, grants, metadata.
 */
export function managementUserMethods(): ApiMethod[] {
  return [
    apiMethod(method.listUsers, ({ query, queries }, call) => {
      const { instance, organization } = call;
      const found = [...instance.world.users.values()].filter((user) =>
        user.organizationId === organization.id &&
        queries.every(({ query }) =>
          query.case !== "userNameQuery" ||
          matchesText(user.userName, query.value.userName, query.value.method)
        )
      );
      const list = listOf(found, query);
      return { details: list.details, result: list.items.map(userMessage) };
    }),
    apiMethod(method.getUserByID, ({ id }, { instance }) => ({
      user: userMessage(userOf(instance.world, id)),
    })),
    apiMethod(method.addMachineUser, (request, { instance, organization }) => {
      const { userName, name, accessTokenType } = request;
      checkUserName(instance.world, userName);
      const user: User = {
        ...dated(),
        id: request.userId || newIdentifier(),
        organizationId: organization.id,
        userName,
        machine: {
          name,
          accessToken: accessTokenType === AccessTokenType.JWT
            ? "jwt"
            : "opaque",
          keys: new Map(),
        },
        metadata: new Map(),
      };
      instance.world.users.set(user.id, user);
      return {
        userId: user.id,
        details: changedDetails(user, organization.id),
      };
    }),
    apiMethod(method.removeUser, ({ id }, { instance }) => {
      const user = userOf(instance.world, id);
      removeUser(instance.world, id);
      return { details: changedDetails(user, user.organizationId) };
    }),
    apiMethod(method.generateMachineSecret, ({ userId }, { instance }) => {
      const user = machineOf(instance.world, userId);
      user.machine.secret = newSecret(SECRET_LENGTH);
      touch(user);
      return {
        clientId: user.userName,
        clientSecret: user.machine.secret,
        details: madeDetails(user, user.organizationId),
      };
    }),
    apiMethod(method.addMachineKey, ({ userId, publicKey }, { instance }) => {
      const user = machineOf(instance.world, userId);
      touch(user);
      return {
        ...addKey(user, publicKey),
        details: madeDetails(user, user.organizationId),
      };
    }),
    apiMethod(method.addPersonalAccessToken, ({ userId }, { instance }) => {
      const user = machineOf(instance.world, userId);
      const token = newSecret(PERSONAL_TOKEN_LENGTH);
      const tokenId = addPersonalToken(instance.world, user, token);
      touch(user);
      return {
        tokenId,
        token,
        details: madeDetails(user, user.organizationId),
      };
    }),
    apiMethod(method.listPersonalAccessTokens, (request, { instance }) => {
      const user = machineOf(instance.world, request.userId);
      const tokens = [...instance.world.accessTokens.values()].filter((
        { kind, userId },
      ) => kind === "personal" && userId === user.id);
      const list = listOf(tokens, request.query);
      return {
        details: list.details,
        result: list.items.map(({ id, expiresAt }) => ({
          id,
          expirationDate: timestampFromMs(expiresAt * 1000),
        })),
      };
    }),
    apiMethod(method.setUserMetadata, ({ id, key, value }, { instance }) => {
      const user = userOf(instance.world, id);
      setUserMetadata(user, [{ key, value }]);
      return { id, details: changedDetails(user, user.organizationId) };
    }),
    apiMethod(method.bulkSetUserMetadata, ({ id, metadata }, { instance }) => {
      const user = userOf(instance.world, id);
      setUserMetadata(user, metadata);
      return { details: changedDetails(user, user.organizationId) };
    }),
  ];
}

export function userOf(world: World, id: string): User {
  const user = world.users.get(id);
  if (!user) throw notFound("User could not be found", "QUERY-Dfbg2");
  return user;
}

/** Refuses a user name that is taken. */
export function checkUserName(world: World, userName: string): void {
  if (userNamed(world, userName)) throw alreadyExists("User already exists");
}

/** Sets metadata of a user. */
export function setUserMetadata(
  user: User,
  entries: readonly { key: string; value: Uint8Array }[],
): void {
  for (const { key, value } of entries) {
    touch(user);
    user.metadata.set(key, { ...dated(user.sequence), value });
  }
}

function machineOf(world: World, id: string) {
  const user = userOf(world, id);
  const { machine } = user;
  if (!machine) throw notFound("User could not be found", "COMMAND-sn1mn");
  return Object.assign(user, { machine });
}

function addKey(
  user: User & { machine: NonNullable<User["machine"]> },
  publicKey: Uint8Array,
) {
  const keyId = newIdentifier();
  if (publicKey.length > 0) {
    const key = createPublicKey(new TextDecoder().decode(publicKey));
    user.machine.keys.set(keyId, key.export({ format: "jwk" }) as JWK);
    return { keyId, keyDetails: new Uint8Array() };
  }
  const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
  user.machine.keys.set(keyId, pair.publicKey.export({ format: "jwk" }) as JWK);
  const details = {
    type: "serviceaccount",
    keyId,
    key: pair.privateKey.export({ type: "pkcs1", format: "pem" }),
    expirationDate: "9999-12-31T23:59:59Z",
    userId: user.id,
  };
  return {
    keyId,
    keyDetails: new TextEncoder().encode(JSON.stringify(details)),
  };
}
