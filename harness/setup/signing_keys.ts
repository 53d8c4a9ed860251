import {
  editEnvFile,
  parseEnv,
  readEnvFile,
  SIGNING_KEY_SETTING,
  splitKeys,
  withSetting,
} from "../cli/env_file.ts";

/** Reads the targets' signing keys in an env file. */
export async function readKeys(envFile: string): Promise<string[]> {
  return splitKeys(parseEnv(await readEnvFile(envFile))[SIGNING_KEY_SETTING]);
}

/** Changes the signing keys in an env file; without any the setting is removed. */
export async function changeKeys(
  envFile: string,
  change: (keys: string[]) => string[],
): Promise<void> {
  await editEnvFile(envFile, (text) => {
    const keys = splitKeys(parseEnv(text)[SIGNING_KEY_SETTING]);
    const value = change(keys).join(",") || undefined;
    return withSetting(text, SIGNING_KEY_SETTING, value);
  });
}
