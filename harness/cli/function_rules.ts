import type { Config } from "../../lib/config/settings.ts";
import { readFunctionConfig } from "./function_config.ts";
import type { Settings } from "./settings.ts";

/**
 * Reads the function's settings where its secrets are not: an administrator who
 * reviews access does not hold the signing key. The secrets are placeholders.
 *
 * @throws {SettingsError} If a setting is wrong.
 */
export function readFunctionRules(settings: Settings): Promise<Config> {
  return readFunctionConfig({
    ...settings,
    AUTHORIZATION_SIGNING_KEY: "unused",
    ACCESS_TOKEN: "unused",
    CLIENT_ID: undefined,
    CLIENT_SECRET: undefined,
    SERVICE_ACCOUNT_KEY: undefined,
    PAYLOAD_PRIVATE_KEY: undefined,
  });
}

const RULES = /^(?:METADATA_ORGANIZATION|PROJECTS|GRANTED_BY|APPLICATIONS)$/;

/** Lists the settings that decide which grants count. */
export function describeRules(settings: Settings): string {
  const set = Object.entries(settings)
    .filter(([name, value]) => value && RULES.test(name))
    .map(([name, value]) => `${name}=${value}`);
  return `rules: ${set.join(" ") || "the defaults"}`;
}
