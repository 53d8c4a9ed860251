import { type Config, readConfig } from "../../lib/config.ts";
import { SettingsError } from "./errors.ts";
import type { Settings } from "./settings.ts";

/**
 * Reads the function's settings for a command.
 *
 * @throws {SettingsError} If any is missing or wrong; the message names all of them.
 */
export function readFunctionConfig(settings: Settings): Config {
  try {
    return readConfig(settings);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new SettingsError(error.message, { cause: error });
  }
}
