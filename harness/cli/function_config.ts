import { type Config, readConfig } from "../../lib/config/settings.ts";
import { SettingsError } from "./errors.ts";
import { noteMissing, type Settings } from "./settings.ts";

/** Where the settings of a command were read; not named if there is no such place. */
export interface SettingSources {
  readonly envFile: string;
  /** The environment, whose settings win. */
  readonly env: Settings;
}

/**
 * Reads the function's settings for a command.
 *
 * @throws {SettingsError} If any is missing or wrong; the message names all of them, and where each comes from.
 */
export async function readFunctionConfig(
  settings: Settings,
  sources?: SettingSources,
): Promise<Config> {
  const sourceOf = (name: string) => {
    if (!sources) return "";
    return sources.env[name] ? "the environment" : sources.envFile;
  };
  try {
    return await buildFromSettings(() => readConfig(settings, sourceOf));
  } catch (error) {
    const note = sources && noteMissing(sources.envFile);
    if (!note || !(error instanceof SettingsError)) throw error;
    throw new SettingsError(error.message + note, { cause: error });
  }
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
