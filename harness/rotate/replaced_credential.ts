/**
 * A note in the env file about the credential that was replaced, so that a
 * later run knows which one to delete.
 *
 * @module
 */
import { readEnvFile } from "../cli/env_file.ts";
import type { CredentialKind, UserPlace } from "../zitadel/credential.ts";

/** A credential that the env file does not hold any more. */
export interface ReplacedCredential extends UserPlace {
  readonly kind: CredentialKind;
  /** `undefined` if ZITADEL does not show which of several it is. */
  readonly id: string | undefined;
}

const UNKNOWN = "unknown";
const LINE =
  /^# Replaced by `deno task rotate --credential`: (key|pat) (\S+) of user (\S+) in organization (\S+)$/m;

export async function readReplacedCredential(
  envFile: string,
): Promise<ReplacedCredential | undefined> {
  const match = LINE.exec(await readEnvFile(envFile));
  if (!match) return undefined;
  const [, kind, id, user, organization] = match;
  return {
    kind: kind as CredentialKind,
    id: id === UNKNOWN ? undefined : id,
    user: user!,
    organization: organization!,
  };
}

/** Writes the note into the file's text, or removes it if there is nothing to note. */
export function noteReplaced(
  text: string,
  replaced: ReplacedCredential | undefined,
): string {
  const lines = text.split("\n").filter((line) => !LINE.test(line));
  if (replaced) {
    const { kind, id = UNKNOWN, user, organization } = replaced;
    if (lines.at(-1) === "") lines.pop();
    lines.push(
      `# Replaced by \`deno task rotate --credential\`: ${kind} ${id} of user ${user} in organization ${organization}`,
      "",
    );
  }
  return lines.join("\n");
}
