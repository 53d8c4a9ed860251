import { Code } from "@connectrpc/connect";
import {
  type Credential,
  readCredential,
} from "../../lib/config/credential.ts";
import { FunctionError } from "../../lib/errors.ts";
import { parseEnv, readEnvFile } from "../cli/env_file.ts";
import { connect, type Instance } from "../zitadel/client.ts";
import { listCredentials } from "../zitadel/credential.ts";
import { listOrganizations } from "../zitadel/organization.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import {
  findServiceUser,
  type FoundUser,
  hasReaderRole,
  isUserNameTaken,
} from "../zitadel/service_user.ts";
import { whoAmI } from "../zitadel/user.ts";
import { ZitadelError } from "../zitadel/zitadel_error.ts";
import { waitUntil } from "../util/wait_until.ts";
import type {
  CredentialState,
  ServiceUserState,
  ServiceUserWish,
} from "./plan_service_user.ts";

const CREDENTIAL_SETTINGS = [
  "ACCESS_TOKEN",
  "CLIENT_ID",
  "CLIENT_SECRET",
  "SERVICE_ACCOUNT_KEY",
];

/** Looks for the function's service user, and at the credential in the env file. */
export async function readServiceUser(
  instance: Instance,
  envFile: string,
  { name, role, organization }: Pick<
    ServiceUserWish,
    "name" | "role" | "organization"
  >,
): Promise<ServiceUserState> {
  const found = await findServiceUser(instance, organization, name);
  const hasRole = found !== undefined && found.isOurs &&
    await hasReaderRole(instance, found, role);
  const isTaken = found === undefined &&
    await isUserNameTaken(instance, organization, name);
  const credential = await readCredentialState(instance, envFile, found);
  return { name, found, isTaken, hasRole, credential };
}

async function readCredentialState(
  instance: Instance,
  envFile: string,
  ours: FoundUser | undefined,
): Promise<CredentialState> {
  const settings = parseEnv(await readEnvFile(envFile));
  const isNone = CREDENTIAL_SETTINGS.every((name) => !settings[name]?.trim());
  if (isNone) return { kind: "none" };
  const credential = readCredential(settings);
  if (credential === undefined) return { kind: "refused" };
  if (credential.kind === "jwt_profile" && ours?.isOurs) {
    const { keyId, userId } = credential.key;
    if (userId === ours.id && !await isKeyListed(instance, ours, keyId)) {
      return { kind: "refused" };
    }
  }
  return await tryCredential(instance, credential);
}

/** Asks ZITADEL about the key, since some releases answer a wrong one with 500. */
async function isKeyListed(
  instance: Instance,
  { organization, id: user }: FoundUser,
  keyId: string,
): Promise<boolean> {
  const listed = await listCredentials(instance, { organization, user });
  return listed.some(({ id, expiresAt = Infinity }) =>
    id === keyId && expiresAt > Date.now()
  );
}

async function tryCredential(
  { origin }: Instance,
  credential: Credential,
): Promise<CredentialState> {
  try {
    const token = await getServiceToken({ origin, credential });
    const { id, loginName } = await whoAmI(connect(origin, token));
    return { kind: "works", userId: id, loginName };
  } catch (error) {
    if (isRefusal(error)) return { kind: "refused" };
    throw error;
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof FunctionError &&
      error.details.reason === "credential_rejected" ||
    error instanceof ZitadelError && error.code === Code.Unauthenticated;
}

/**
 * Waits until the credential in the env file lets its user read an organization,
 * as the function will.
 */
export async function confirmCredential(
  { origin }: Instance,
  envFile: string,
  organization: string,
): Promise<void> {
  const settings = parseEnv(await readEnvFile(envFile));
  const credential = readCredential(settings);
  if (credential === undefined) {
    throw new Error("Cannot use the credential that was written");
  }
  await waitUntil(async () => {
    const token = await getServiceToken({ origin, credential });
    const [visible] = await listOrganizations(connect(origin, token), {
      id: organization,
    });
    return visible !== undefined;
  }, {
    what: "the new credential lets the service user read the organization",
  });
}
