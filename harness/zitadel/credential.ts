/**
 * Credentials of the function's service user: keys for the JWT profile and
 * personal access tokens, by management v1, which every release answers.
 *
 * @module
 */
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { KeyType } from "@zitadel/proto/zitadel/auth_n_key_pb";
import { type Instance, to } from "./client.ts";
import { managementOf } from "./manage.ts";

/** `key`: a JSON key file for the JWT profile; `pat`: a personal access token. */
export const CREDENTIAL_KINDS = ["key", "pat"] as const;
export type CredentialKind = typeof CREDENTIAL_KINDS[number];

/** A service user. */
export interface UserPlace {
  readonly organization: string;
  readonly user: string;
}

/** A credential's secret, as the env file takes it. */
export interface NewCredential {
  readonly setting: "SERVICE_ACCOUNT_KEY" | "ACCESS_TOKEN";
  readonly value: string;
}

/** Days before its end at which a credential is due to be replaced. */
export const EXPIRY_WARNING_DAYS = 30;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Returns the time in a number of days, in milliseconds since 1970. */
export function endIn(days: number): number {
  return Date.now() + days * DAY_MS;
}

/** Creates a key or a personal access token; both expire after the days given. */
export async function createCredential(
  instance: Instance,
  { organization, user: userId }: UserPlace,
  { kind, days, expiresAt = endIn(days) }: {
    readonly kind: CredentialKind;
    readonly days: number;
    /** If that time is known already. */
    readonly expiresAt?: number;
  },
): Promise<NewCredential> {
  const expirationDate = timestampFromMs(expiresAt);
  const request = { userId, expirationDate };
  const management = managementOf(instance, organization);
  const action = to("create a credential of the service user");
  if (kind === "pat") {
    const { token } = await management.addPersonalAccessToken(request, action);
    return { setting: "ACCESS_TOKEN", value: token };
  }
  const { keyDetails } = await management
    .addMachineKey({ type: KeyType.JSON, ...request }, action);
  // Some releases leave the expiry out of the file; the function warns by it.
  const value = JSON.stringify({
    expirationDate: new Date(expiresAt).toISOString(),
    ...JSON.parse(new TextDecoder().decode(keyDetails)),
  });
  return { setting: "SERVICE_ACCOUNT_KEY", value };
}

/** Lists a service user's keys and personal access tokens. */
export async function listCredentials(
  instance: Instance,
  { organization, user: userId }: UserPlace,
) {
  const management = managementOf(instance, organization);
  const action = to("list the service user's credentials");
  const lists = {
    key: await management.listMachineKeys({ userId }, action),
    pat: await management.listPersonalAccessTokens({ userId }, action),
  };
  return CREDENTIAL_KINDS.flatMap((kind) =>
    lists[kind].result.map(({ id, expirationDate: end }) => ({
      kind,
      id,
      /** Milliseconds since 1970; `undefined` if it does not expire. */
      expiresAt: end && timestampMs(end),
    }))
  );
}

/** Deletes a key or a personal access token: what uses it is refused at once. */
export async function deleteCredential(
  instance: Instance,
  { organization, user: userId }: UserPlace,
  { kind, id }: { readonly kind: CredentialKind; readonly id: string },
): Promise<void> {
  const management = managementOf(instance, organization);
  const action = to("delete a credential of the service user");
  if (kind === "key") {
    await management.removeMachineKey({ userId, keyId: id }, action);
  } else {
    await management.removePersonalAccessToken({ userId, tokenId: id }, action);
  }
}
