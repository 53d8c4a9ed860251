import type { Config } from "../../lib/config/settings.ts";
import { readFunctionConfig } from "./function_config.ts";
import type { Settings } from "./settings.ts";

/** The settings that decide which grants count, and what they come to. */
export type FunctionRules = Pick<
  Config,
  | "metadataOrganization"
  | "projects"
  | "grantedBy"
  | "applications"
  | "claim"
  | "shape"
  | "rolesClaim"
>;

/**
 * Reads the function's rules where its secrets are not: an administrator who
 * reviews access does not hold the signing key.
 *
 * @throws {SettingsError} If a setting is wrong.
 */
export function readFunctionRules(settings: Settings): Promise<FunctionRules> {
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

/** Lists the rules that limit which grants count, as settings. */
export function describeRules(
  { metadataOrganization, projects, grantedBy, applications }: FunctionRules,
): string {
  const lists = {
    PROJECTS: projects,
    GRANTED_BY: grantedBy,
    APPLICATIONS: applications,
  };
  return [
    `METADATA_ORGANIZATION=${metadataOrganization}`,
    ...Object.entries(lists).flatMap(([name, ids]) =>
      ids ? [`${name}=${[...ids].join(",")}`] : []
    ),
  ].join(" ");
}
