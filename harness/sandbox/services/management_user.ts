import { createPublicKey, generateKeyPairSync } from "node:crypto";
import {
  type Timestamp,
  timestampFromMs,
  timestampMs,
} from "@bufbuild/protobuf/wkt";
import type { JWK } from "jose";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { KeyType } from "@zitadel/proto/zitadel/auth_n_key_pb.js";
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
import { changedDetails, createdDetails } from "./details.ts";
import { userMessage } from "./user_message.ts";

const { method } = ManagementService;
const SECRET_LENGTH = 64;
const PERSONAL_TOKEN_LENGTH = 71;
/** The expiry of a key without one: 9999-12-31. */
const NEVER_MS = 253_402_300_799_000;

/** Management v1's methods for users, their credentials and metadata. */
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
    apiMethod(method.isUserUnique, ({ userName }, { instance }) => ({
      isUnique: userNamed(instance.world, userName) === undefined,
    })),
    apiMethod(method.addMachineUser, (request, { instance, organization }) => {
      const { userName, name, description, accessTokenType } = request;
      checkUserName(instance.world, userName);
      const user: User = {
        ...dated(),
        id: request.userId || newIdentifier(),
        organizationId: organization.id,
        userName,
        machine: {
          name,
          description,
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
        details: createdDetails(user, user.organizationId),
      };
    }),
    apiMethod(method.addMachineKey, (request, { instance }) => {
      const user = machineOf(instance.world, request.userId);
      touch(user);
      return {
        ...addKey(user, request),
        details: createdDetails(user, user.organizationId),
      };
    }),
    apiMethod(method.listMachineKeys, ({ userId, query }, { instance }) => {
      const { machine } = machineOf(instance.world, userId);
      const list = listOf([...machine.keys.keys()], query);
      return {
        details: list.details,
        result: list.items.map((id) => {
          const expiry = machine.keyExpiries?.get(id);
          return {
            id,
            type: KeyType.JSON,
            ...(expiry !== undefined &&
              { expirationDate: timestampFromMs(expiry) }),
          };
        }),
      };
    }),
    apiMethod(method.removeMachineKey, ({ userId, keyId }, { instance }) => {
      const user = machineOf(instance.world, userId);
      if (!user.machine.keys.delete(keyId)) {
        throw notFound("Machine key not found", "COMMAND-4m77G");
      }
      touch(user);
      return { details: changedDetails(user, user.organizationId) };
    }),
    apiMethod(method.addPersonalAccessToken, (request, { instance }) => {
      const { userId, expirationDate } = request;
      const user = machineOf(instance.world, userId);
      const token = newSecret(PERSONAL_TOKEN_LENGTH);
      const tokenId = addPersonalToken(instance.world, user, token);
      if (expirationDate) {
        instance.world.accessTokens.get(token)!.expiresAt = Math.floor(
          timestampMs(expirationDate) / 1000,
        );
      }
      touch(user);
      return {
        tokenId,
        token,
        details: createdDetails(user, user.organizationId),
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
    apiMethod(
      method.removePersonalAccessToken,
      ({ userId, tokenId }, { instance }) => {
        const user = machineOf(instance.world, userId);
        const { accessTokens } = instance.world;
        const found = [...accessTokens].find(([, { id }]) => id === tokenId);
        if (!found) {
          throw notFound("Personal access token not found", "COMMAND-4m77G");
        }
        accessTokens.delete(found[0]);
        touch(user);
        return { details: changedDetails(user, user.organizationId) };
      },
    ),
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

/** Throws if the user name is taken. */
export function checkUserName(world: World, userName: string): void {
  if (userNamed(world, userName)) throw alreadyExists("User already exists");
}

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
  { publicKey, expirationDate }: {
    readonly publicKey: Uint8Array;
    readonly expirationDate?: Timestamp;
  },
) {
  const keyId = newIdentifier();
  const expiry = expirationDate ? timestampMs(expirationDate) : NEVER_MS;
  const expiries = user.machine.keyExpiries ??= new Map();
  expiries.set(keyId, expiry);
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
    expirationDate: new Date(expiry).toISOString(),
    userId: user.id,
  };
  return {
    keyId,
    keyDetails: new TextEncoder().encode(JSON.stringify(details)),
  };
}
