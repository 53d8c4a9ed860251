import { readCredential } from "../../lib/config/credential.ts";
import { SettingsError } from "../cli/errors.ts";
import { DOMAIN_HINT, required, type Settings } from "../cli/settings.ts";
import { originOf } from "./client.ts";
import { getServiceToken } from "./service_token.ts";

/**
 * Returns the settings with ZITADEL_ADMIN_TOKEN: with ZITADEL_ADMIN_KEY_FILE, one
 * that is requested now and never written anywhere. Without either, as they are.
 *
 * @throws {SettingsError} If both are set, or the file is not a service user's key.
 * @throws {FunctionError} If ZITADEL does not give a token for the key.
 */
export async function withAdminToken(settings: Settings): Promise<Settings> {
  const path = settings.ZITADEL_ADMIN_KEY_FILE?.trim();
  if (!path) return settings;
  if (settings.ZITADEL_ADMIN_TOKEN?.trim()) {
    throw new SettingsError(
      "ZITADEL_ADMIN_TOKEN and ZITADEL_ADMIN_KEY_FILE are both set: remove one, since they may be of two users",
    );
  }
  const domain = required(settings, "ZITADEL_DOMAIN", DOMAIN_HINT);
  const text = await Deno.readTextFile(path).catch((error) => {
    throw new SettingsError(
      `Cannot read ZITADEL_ADMIN_KEY_FILE: ${error.message}`,
    );
  });
  const credential = readCredential({ SERVICE_ACCOUNT_KEY: text });
  if (!credential) {
    throw new SettingsError(
      `ZITADEL_ADMIN_KEY_FILE: ${path} is not a service user's JSON key file (console: Users > Service Users > Keys)`,
    );
  }
  const token = await getServiceToken({ origin: originOf(domain), credential });
  return { ...settings, ZITADEL_ADMIN_TOKEN: token };
}
