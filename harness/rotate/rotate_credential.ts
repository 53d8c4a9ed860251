/**
 * Replaces the service user's credential without a moment in which the function
 * has none: a first run adds a new one, a later run deletes the old one after
 * the running function was seen to use the new one.
 *
 * @module
 */
import { type Credential, fingerprint } from "../../lib/config/credential.ts";
import { editEnvFile, parseEnv, readEnvFile } from "../cli/env_file.ts";
import { SettingsError } from "../cli/errors.ts";
import { readFunctionConfig } from "../cli/function_config.ts";
import { readKeys } from "../setup/signing_keys.ts";
import { connect } from "../zitadel/client.ts";
import {
  type CredentialKind,
  deleteCredential,
  listCredentials,
} from "../zitadel/credential.ts";
import { issueCredential } from "../zitadel/issue_credential.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { listTargets } from "../zitadel/target.ts";
import { whoAmI } from "../zitadel/user.ts";
import { awaitKey } from "./await_key.ts";
import type { RotationPlace } from "./plan_rotation.ts";
import {
  noteReplaced,
  readReplacedCredential,
  type ReplacedCredential,
} from "./replaced_credential.ts";

/** What a run is about to do. */
export type CredentialPlan =
  | {
    readonly kind: "add";
    readonly replaced: ReplacedCredential;
    readonly loginName: string;
  }
  | { readonly kind: "delete"; readonly replaced: ReplacedCredential };

/**
 * Chooses what to do: add a credential, or delete the one that a former run
 * replaced.
 *
 * @throws {SettingsError} If the env file has no credential that can be rotated.
 */
export async function planCredentialRotation(
  { instance, envFile }: RotationPlace,
): Promise<CredentialPlan> {
  const credential = await readCredential(envFile);
  const noted = await readReplacedCredential(envFile);
  const current = credential.kind === "jwt_profile"
    ? credential.key.keyId
    : undefined;
  // Version 0.1.0 wrote the note before the new key.
  const isBegun = noted !== undefined && noted.id !== undefined &&
    noted.id === current;
  if (noted && !isBegun) return { kind: "delete", replaced: noted };

  const { origin } = instance;
  const token = await getServiceToken({ origin, credential });
  const me = await whoAmI(connect(origin, token));
  const place = { organization: me.organization, user: me.id };
  const kind: CredentialKind = current === undefined ? "pat" : "key";
  const tokens = (await listCredentials(instance, place))
    .filter((it) => it.kind === "pat");
  // ZITADEL does not show which token is which.
  const id = current ?? (tokens.length === 1 ? tokens[0]!.id : undefined);
  return {
    kind: "add",
    replaced: { ...place, kind, id },
    loginName: me.loginName,
  };
}

/** Adds a credential and writes it into the env file, with a note of the old one. */
export function addCredential(
  { instance, envFile }: RotationPlace,
  replaced: ReplacedCredential,
  { days }: { readonly days: number },
): Promise<void> {
  const note = (text: string) => noteReplaced(text, replaced);
  return issueCredential(instance, envFile, { ...replaced, days, note });
}

/** How to check that the function uses the new credential. */
export interface CheckOptions {
  /** Where each process answers; none: the endpoints of its targets. */
  readonly endpoints: readonly string[];
  readonly processes: number | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Deletes the old credential if the running function uses the new one.
 *
 * @returns How many processes were seen to use the new one.
 * @throws {Error} If the function still uses the old one: nothing is deleted.
 */
export async function deleteReplaced(
  place: RotationPlace,
  replaced: ReplacedCredential,
  options: CheckOptions,
): Promise<number> {
  const { instance, envFile } = place;
  const credential = await fingerprint(await readCredential(envFile));
  const seen = new Set<string>();
  for (const check of await checks(place, options.endpoints)) {
    const processes = await awaitKey({
      ...check,
      credential,
      processes: options.processes,
      waitSeconds: 0,
      signal: options.signal,
    }).catch((cause) => {
      throw new Error(
        `The old credential is kept: the function does not use the new one everywhere (${cause.message}). Restart or deploy it with ${envFile}, then run the same command again`,
        { cause },
      );
    });
    for (const id of processes) seen.add(id);
  }
  const { kind, id } = replaced;
  if (id) await deleteCredential(instance, replaced, { kind, id });
  await editEnvFile(envFile, (text) => noteReplaced(text, undefined));
  return seen.size;
}

/** With which key to ask which endpoints. */
async function checks(
  { instance, envFile }: RotationPlace,
  endpoints: readonly string[],
): Promise<{ endpoints: readonly string[]; signingKey: string }[]> {
  const keys = await readKeys(envFile);
  const ours = (await listTargets(instance))
    .filter(({ signingKey }) => keys.includes(signingKey));
  const signingKey = ours[0]?.signingKey ?? keys[0];
  if (endpoints.length > 0 && signingKey) return [{ endpoints, signingKey }];
  if (ours.length === 0) {
    throw new Error(
      `Cannot check which credential the function uses: no target signs with a key of ${envFile}. Give the function's address with --probe, or run \`deno task setup\` first`,
    );
  }
  return ours.map(({ endpoint, signingKey }) => ({
    endpoints: [endpoint],
    signingKey,
  }));
}

async function readCredential(
  envFile: string,
): Promise<Exclude<Credential, { kind: "client_credentials" }>> {
  const settings = parseEnv(await readEnvFile(envFile));
  const { credential } = await readFunctionConfig(settings, {
    envFile,
    env: {},
  });
  if (credential.kind !== "client_credentials") return credential;
  throw new SettingsError(
    `Cannot rotate the credential of ${envFile}: a service user has one client secret, and a new one replaces it at once. Switch to a key first: create one (console: Users > Service Users > Keys), set SERVICE_ACCOUNT_KEY to its text in place of CLIENT_ID and CLIENT_SECRET, and deploy the function`,
  );
}
