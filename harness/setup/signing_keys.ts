import {
  editEnvFile,
  parseEnv,
  SIGNING_KEY_SETTING,
  splitKeys,
  withSetting,
} from "../cli/env_file.ts";

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
