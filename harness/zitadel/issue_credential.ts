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
  listCredentials,
  type UserPlace,
} from "./credential.ts";

/** Every setting that can hold a credential or a part of one. */
const NAMES = Object.keys(credentialSettings);

/** The note of a credential that is being created, and of those that there were before. */
const NOTE = /^# A credential of user (\S+) is being created; it had:(.*)\n?/m;

/**
 * Creates a credential of a service user and writes it into the env file, in
 * place of any other. A command that is killed in between leaves a credential
 * whose secret is lost: a note in the file lets the next one delete it.
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
  const listed = await listCredentials(instance, owner);
  const note = NOTE.exec(await readEnvFile(envFile));
  const had = note?.[1] === user
    ? note[2]!.split(" ").filter(Boolean)
    : listed.map(({ id }) => id);
  for (const credential of listed.filter(({ id }) => !had.includes(id))) {
    await deleteCredential(instance, owner, credential);
  }
  const line = `# A credential of user ${user} is being created; it had: ${
    had.join(" ")
  }`;
  await editEnvFile(
    envFile,
    (text) =>
      [text.replace(NOTE, "").replace(/\n$/, ""), line, ""]
        .filter((part, i) => i > 0 || part !== "").join("\n"),
  );
  const created = await createCredential(instance, owner, { kind, days });
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
