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
import { tint } from "../cli/terminal.ts";
import { count } from "../doctor/names.ts";
import type { Place } from "../plan/change.ts";
import { readState } from "../setup/plan.ts";
import { connect } from "../zitadel/client.ts";
import {
  type CredentialKind,
  deleteCredential,
  listCredentials,
} from "../zitadel/credential.ts";
import { issueCredential } from "../zitadel/issue_credential.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { whoAmI } from "../zitadel/user.ts";
import { awaitKey } from "./await_key.ts";
import type { RotateOptions } from "./command_line.ts";
import { type Rotation, step } from "./plan_rotation.ts";
import {
  noteReplaced,
  readReplacedCredential,
  type ReplacedCredential,
} from "./replaced_credential.ts";

type CredentialOptions = Pick<
  RotateOptions,
  "credentialDays" | "probe" | "processes"
>;

/**
 * Plans a run: to add a credential, or to delete the one that a former run replaced
 * if the running function uses the new one everywhere.
 *
 * @throws {SettingsError} If the env file has no credential that can be rotated.
 */
export async function planCredentialRotation(
  place: Place,
  options: CredentialOptions,
): Promise<Rotation> {
  const { instance, envFile } = place;
  const credential = await readCredential(envFile);
  const noted = await readReplacedCredential(envFile);
  const current = credential.kind === "jwt_profile"
    ? credential.key.keyId
    : undefined;
  // Version 0.1.0 wrote the note before the new key.
  const isBegun = noted?.id !== undefined && noted.id === current;
  if (noted && !isBegun) return planDeletion(place, noted, options);

  const { origin } = instance;
  const token = await getServiceToken({ origin, credential });
  const { id: user, organization, loginName } = await whoAmI(
    connect(origin, token),
  );
  const kind: CredentialKind = current === undefined ? "pat" : "key";
  const tokens = (await listCredentials(instance, { organization, user }))
    .filter((it) => it.kind === "pat");
  // ZITADEL does not show which token is which.
  const id = current ?? (tokens.length === 1 ? tokens[0]!.id : undefined);
  const replaced = { organization, user, kind, id };
  const days = options.credentialDays;
  const note = (text: string) => noteReplaced(text, replaced);
  return {
    steps: [step(
      "add",
      `+ create a new ${
        NAMES[kind]
      } for ${loginName}, valid for ${days} days, and write it into ${envFile}; the old one keeps working`,
      () => issueCredential(instance, envFile, { ...replaced, days, note }),
    )],
    report({ print }) {
      print(
        `${
          tint("good", "Added.")
        } Next: restart or deploy the function with ${envFile}, then run the same command again: it deletes the old one.`,
      );
      return "done";
    },
  };
}

const NAMES = { key: "key", pat: "personal access token" } as const;

function planDeletion(
  place: Place,
  replaced: ReplacedCredential,
  options: CredentialOptions,
): Rotation {
  const { instance, envFile } = place;
  const { kind, id } = replaced;
  const which = id === undefined ? "" : ` (${id})`;
  let processes = 0;
  return {
    steps: [step(
      "delete",
      `- check that the function uses the new ${
        NAMES[kind]
      }, then delete the old one${which}`,
      async (signal) => {
        processes = await countUsers(place, options, signal);
        if (id) await deleteCredential(instance, replaced, { kind, id });
        await editEnvFile(envFile, (text) => noteReplaced(text, undefined));
      },
    )],
    report({ print, error }) {
      print(
        `${tint("good", "Rotated.")} The new credential is used by ${
          count(processes, "process", "processes")
        }, all that were seen.`,
      );
      if (id !== undefined) return "done";
      error(
        `${
          tint("warning", "warning")
        }: which of the service user's tokens is the old one cannot be seen. Delete it in the console: Users > Service Users > Personal Access Tokens`,
      );
      return "warnings";
    },
  };
}

/**
 * Counts the processes that use the credential of the env file.
 *
 * @throws {Error} If the function still uses the old one: nothing is deleted.
 */
async function countUsers(
  place: Place,
  { probe, processes }: CredentialOptions,
  signal: AbortSignal | undefined,
): Promise<number> {
  const { envFile } = place;
  const credential = await fingerprint(await readCredential(envFile));
  let seen = new Set<string>();
  for (const check of await checks(place, probe)) {
    const options = { ...check, credential, processes, waitSeconds: 0, signal };
    const ids = await awaitKey(options).catch((cause) => {
      throw new Error(
        `The old credential is kept: the function does not use the new one everywhere (${cause.message}). Restart or deploy it with ${envFile}, then run the same command again`,
        { cause },
      );
    });
    seen = seen.union(ids);
  }
  return seen.size;
}

/** With which key to ask which endpoints. */
async function checks(
  place: Place,
  endpoints: readonly string[],
): Promise<{ endpoints: readonly string[]; signingKey: string }[]> {
  const { targets, envKeys } = await readState(place);
  const ours = targets.filter((it) => envKeys.includes(it.signingKey));
  const signingKey = ours[0]?.signingKey ?? envKeys[0];
  if (endpoints.length > 0 && signingKey) return [{ endpoints, signingKey }];
  if (ours.length === 0) {
    throw new Error(
      `Cannot check which credential the function uses: no target signs with a key of ${place.envFile}. Give the function's address with --probe, or run \`deno task setup\` first`,
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
