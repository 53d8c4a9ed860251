import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv, readEnvFile } from "./env_file.ts";
import { SettingsError } from "./errors.ts";
import type { Io } from "./io.ts";

/** Settings by name, of the env file and the environment. */
export type Settings = Readonly<Record<string, string | undefined>>;

export const DOMAIN_HINT =
  "the instance's host or origin, such as my-instance.zitadel.cloud";

export const ADMIN_TOKEN_HINT =
  "a personal access token of a service user with the role IAM_OWNER (console: Users > Service Users > Personal Access Tokens, and Default settings > Administrators); or set ZITADEL_ADMIN_KEY_FILE";

/** What the help says about settings that an administrator's command needs. */
export const ADMIN_ENVIRONMENT = [
  ["ZITADEL_DOMAIN", DOMAIN_HINT],
  ["ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT],
  ["ZITADEL_ADMIN_KEY_FILE", "instead, the path of its JSON key file"],
] as const;

/** Reads the settings of an env file; those of the environment win. */
export async function readSettings(
  envFile: string,
  { env }: Pick<Io, "env">,
): Promise<Settings> {
  return { ...parseEnv(await readEnvFile(envFile)), ...env };
}

/**
 * Returns a setting without white space around it.
 *
 * @throws {SettingsError} If it is missing; the hint says what it is.
 */
export function required(
  settings: Settings,
  name: string,
  hint: string,
  /** Where it was looked for beside the environment. */
  envFile?: string,
): string {
  const value = settings[name]?.trim();
  if (value) return value;
  const note = envFile === undefined ? "" : noteMissing(envFile);
  throw new SettingsError(`${name} is not set: ${hint}${note}`);
}

/** Ends a message about settings that are missing: there may be no file of that name. */
export function noteMissing(envFile: string): string {
  return existsSync(envFile)
    ? ""
    : `. There is no env file ${resolve(envFile)}`;
}
