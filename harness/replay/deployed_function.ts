import { SETTINGS } from "../../lib/config/settings.ts";
import { SIGNING_KEY_SETTING, splitKeys } from "../cli/env_file.ts";
import { SettingsError } from "../cli/errors.ts";
import { readFunctionConfig } from "../cli/function_config.ts";
import type { Settings } from "../cli/settings.ts";
import { checkEndpoint } from "../function/canary.ts";
import { connect } from "../zitadel/client.ts";
import { getServiceToken } from "../zitadel/service_token.ts";
import { whoAmI } from "../zitadel/user.ts";

/** Returns the settings in effect that show in a reply whatever the metadata is. */
export function visibleSettings(
  settings: Settings,
): Record<string, string | undefined> {
  const { PERMISSIONS_CLAIM, PERMISSIONS_SHAPE } = SETTINGS;
  return {
    PERMISSIONS_CLAIM: settings.PERMISSIONS_CLAIM || PERMISSIONS_CLAIM.default,
    PERMISSIONS_SHAPE: settings.PERMISSIONS_SHAPE || PERMISSIONS_SHAPE.default,
    ROLES_CLAIM: settings.ROLES_CLAIM || undefined,
  };
}

/** A function that someone else runs. */
export interface DeployedFunction {
  readonly url: string;
  readonly key: string;
  /** An organization whose metadata it may read, if one is known. */
  readonly organization: string | undefined;
  /** A project whose roles count, if only some do. */
  readonly project: string | undefined;
  /** An application whose users get permissions, if only some do. */
  readonly application: string | undefined;
  readonly settings: ReturnType<typeof visibleSettings>;
}

/**
 * Finds out with which key a running function can be called, and for which
 * organization.
 *
 * @throws {Error} If nothing listens there, or it has none of the keys.
 */
export async function findDeployedFunction(
  settings: Settings,
  url: string,
  organization?: string,
): Promise<DeployedFunction> {
  return {
    url,
    key: await findKey(settings, url),
    organization: organization ?? await organizationOf(settings),
    project: firstOf(settings.PROJECTS),
    application: firstOf(settings.APPLICATIONS),
    settings: visibleSettings(settings),
  };
}

function firstOf(list: string | undefined): string | undefined {
  return list?.split(",")[0]?.trim() || undefined;
}

async function findKey(settings: Settings, url: string): Promise<string> {
  const keys = splitKeys(settings[SIGNING_KEY_SETTING]);
  let seen = "";
  for (const key of keys) {
    const result = await checkEndpoint(url, key);
    if (result.accepted || result.verdict === "older") return key;
    seen = result.seen;
  }
  throw keys.length === 0
    ? new SettingsError(
      `Cannot sign for --url: set ${SIGNING_KEY_SETTING} to the target's signing key, in the environment or in the env file`,
    )
    : new Error(`Cannot replay: ${url} ${seen}`);
}

/** The service user's own organization, if the settings have its credential. */
async function organizationOf(
  settings: Settings,
): Promise<string | undefined> {
  try {
    const config = await readFunctionConfig(settings);
    const token = await getServiceToken(config);
    return (await whoAmI(connect(config.origin, token))).organization;
  } catch {
    // Only the function's own address and key are needed.
    return undefined;
  }
}
