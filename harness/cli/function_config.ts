import { type Config, readConfig } from "../../lib/config/settings.ts";
import { SettingsError } from "./errors.ts";
import type { Settings } from "./settings.ts";

/**
 * Reads the function's settings for a command.
 *
 * @throws {SettingsError} If any is missing or wrong; the message names all of them.
 */
export function readFunctionConfig(settings: Settings): Promise<Config> {
  return buildFromSettings(() => readConfig(settings));
}

/**
 * Builds a part of the function, which throws a `TypeError` for settings that it
 * cannot use.
 *
 * @throws {SettingsError} In place of that `TypeError`.
 */
export async function buildFromSettings<T>(
  build: () => T | Promise<T>,
): Promise<T> {
  try {
    return await build();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new SettingsError(error.message, { cause: error });
  }
}
