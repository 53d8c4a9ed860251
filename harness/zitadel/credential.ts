/**
 * Credentials of the function's service user: keys for the JWT profile and
 * personal access tokens, by management v1, which every release answers.
 *
 * @module
 */
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { KeyType } from "@zitadel/proto/zitadel/auth_n_key_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import type { Instance } from "./client.ts";
import { attempt } from "./zitadel_error.ts";

/** `key`: a JSON key file for the JWT profile; `pat`: a personal access token. */
export const CREDENTIAL_KINDS = ["key", "pat"] as const;
export type CredentialKind = typeof CREDENTIAL_KINDS[number];

/** A service user. */
export interface UserPlace {
  readonly organization: string;
  readonly user: string;
}

/** A credential as ZITADEL lists it: without the secret. */
export interface ListedCredential {
  readonly kind: CredentialKind;
  readonly id: string;
  /** Milliseconds since 1970; `undefined` if it does not expire. */
  readonly expiresAt: number | undefined;
}

/** A credential with its secret, as the env file takes it. */
export interface NewCredential extends ListedCredential {
  readonly setting: "SERVICE_ACCOUNT_KEY" | "ACCESS_TOKEN";
  readonly value: string;
}

/** Days before its end at which a credential is due to be replaced. */
export const EXPIRY_WARNING_DAYS = 30;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Creates a key or a personal access token; both expire after the days given. */
export async function createCredential(
  instance: Instance,
  { organization, user }: UserPlace,
  { kind, days }: { readonly kind: CredentialKind; readonly days: number },
): Promise<NewCredential> {
  const management = instance.service(ManagementService, { organization });
  const expiresAt = Date.now() + days * DAY_MS;
  const expirationDate = timestampFromMs(expiresAt);
  if (kind === "pat") {
    const { tokenId, token } = await attempt(
      "create a personal access token",
      () => management.addPersonalAccessToken({ userId: user, expirationDate }),
    );
    return {
      kind,
      id: tokenId,
      expiresAt,
      setting: "ACCESS_TOKEN",
      value: token,
    };
  }
  const { keyId, keyDetails } = await attempt(
    "create a key for the service user",
    () =>
      management.addMachineKey({
        userId: user,
        type: KeyType.JSON,
        expirationDate,
      }),
  );
  // Some releases leave the expiry out of the file; the function warns by it.
  const file = {
    expirationDate: new Date(expiresAt).toISOString(),
    ...JSON.parse(new TextDecoder().decode(keyDetails)),
  };
  return {
    kind,
    id: keyId,
    expiresAt,
    setting: "SERVICE_ACCOUNT_KEY",
    value: JSON.stringify(file),
  };
}

/** Lists a service user's keys and personal access tokens. */
export async function listCredentials(
  instance: Instance,
  { organization, user }: UserPlace,
): Promise<ListedCredential[]> {
  const management = instance.service(ManagementService, { organization });
  return await attempt("list the service user's credentials", async () => {
    const [keys, tokens] = await Promise.all([
      management.listMachineKeys({ userId: user }),
      management.listPersonalAccessTokens({ userId: user }),
    ]);
    const listed = (kind: CredentialKind) =>
    (
      { id, expirationDate }: (typeof keys | typeof tokens)["result"][number],
    ): ListedCredential => ({
      kind,
      id,
      expiresAt: expirationDate && timestampMs(expirationDate),
    });
    return [
      ...keys.result.map(listed("key")),
      ...tokens.result.map(listed("pat")),
    ];
  });
}

/** Deletes a key or a personal access token: what uses it is refused at once. */
export async function deleteCredential(
  instance: Instance,
  { organization, user }: UserPlace,
  { kind, id }: Pick<ListedCredential, "kind" | "id">,
): Promise<void> {
  const management = instance.service(ManagementService, { organization });
  await attempt<unknown>(
    "delete a credential of the service user",
    () =>
      kind === "key"
        ? management.removeMachineKey({ userId: user, keyId: id })
        : management.removePersonalAccessToken({ userId: user, tokenId: id }),
  );
}
