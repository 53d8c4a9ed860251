/**
 * The service user's credential in the env file.
 *
 * @module
 */
import { credentialSettings } from "../../lib/config/credential.ts";
import { editEnvFile, readEnvFile, withSetting } from "../cli/env_file.ts";
import type { Instance } from "./client.ts";
import {
  createCredential,
  type CredentialKind,
  deleteCredential,
  endIn,
  listCredentials,
  type UserPlace,
} from "./credential.ts";

/** Every setting that can hold a credential or a part of one. */
const NAMES = Object.keys(credentialSettings);

/** The note of a credential that is being created: whose it is, and when it ends. */
const NOTE =
  /^# A credential of user (\S+) is being created; it ends at (.*)\n?/m;

/** Some releases store whole seconds. */
const PRECISION_MS = 1_000;

/**
 * Creates a credential of a service user and writes it into the env file, in
 * place of any other. A command that is killed in between leaves a credential
 * whose secret is lost: a note in the file lets the next one delete it, and none
 * that others have created since.
 */
export async function issueCredential(
  instance: Instance,
  envFile: string,
  { user, kind, days, note: noteMore = (text) => text, ...place }: UserPlace & {
    readonly kind: CredentialKind;
    readonly days: number;
    /** Changes the file's text in the same write. */
    readonly note?: (text: string) => string;
  },
): Promise<void> {
  const owner = { ...place, user };
  const note = NOTE.exec(await readEnvFile(envFile));
  const lostEnd = note?.[1] === user ? Date.parse(note[2]!) : NaN;
  const lost = (await listCredentials(instance, owner)).filter((it) =>
    Math.abs((it.expiresAt ?? NaN) - lostEnd) < PRECISION_MS
  );
  for (const credential of lost) {
    await deleteCredential(instance, owner, credential);
  }
  const expiresAt = endIn(days);
  const line = `# A credential of user ${user} is being created; it ends at ${
    new Date(expiresAt).toISOString()
  }`;
  await editEnvFile(
    envFile,
    (text) =>
      [text.replace(NOTE, "").replace(/\n$/, ""), line, ""]
        .filter((part, i) => i > 0 || part !== "").join("\n"),
  );
  const wanted = { kind, days, expiresAt };
  const created = await createCredential(instance, owner, wanted);
  await editEnvFile(
    envFile,
    (text) =>
      withSetting(
        withoutCredential(noteMore(text), created.setting),
        created.setting,
        created.value,
      ),
  );
}

/** Removes every credential from the env file. */
export async function removeCredential(envFile: string): Promise<void> {
  await editEnvFile(envFile, withoutCredential);
}

/** Removes the credential's settings, except one that keeps its line, and the note. */
function withoutCredential(text: string, kept?: string): string {
  return NAMES.filter((name) => name !== kept).reduce(
    (text, name) => withSetting(text, name, undefined),
    text.replace(NOTE, ""),
  );
}
