import { readCredential } from "../../lib/config/credential.ts";
import { SettingsError } from "../cli/errors.ts";
import { DOMAIN_HINT, required, type Settings } from "../cli/settings.ts";
import { messageOf } from "../cli/terminal.ts";
import { originOf } from "./client.ts";
import { getServiceToken } from "./service_token.ts";

/** Every character that a bearer token can have. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Returns the settings with ZITADEL_ADMIN_TOKEN: with ZITADEL_ADMIN_KEY_FILE, one
 * that is requested now and never written anywhere. Without either, as they are.
 *
 * @throws {SettingsError} If both are set, the token is none, or the file is not a service user's key. The message never holds the token.
 * @throws {FunctionError} If ZITADEL does not give a token for the key.
 */
export async function withAdminToken(settings: Settings): Promise<Settings> {
  const path = settings.ZITADEL_ADMIN_KEY_FILE?.trim();
  const given = settings.ZITADEL_ADMIN_TOKEN?.trim();
  if (!path) {
    const problem = given && problemOfToken(given);
    if (!problem) return settings;
    throw new SettingsError(`ZITADEL_ADMIN_TOKEN ${problem}`);
  }
  if (given) {
    throw new SettingsError(
      "ZITADEL_ADMIN_TOKEN and ZITADEL_ADMIN_KEY_FILE are both set: remove one, since they may be of two users",
    );
  }
  const domain = required(settings, "ZITADEL_DOMAIN", DOMAIN_HINT);
  const text = await Deno.readTextFile(path).catch((error) => {
    throw new SettingsError(
      `Cannot read ZITADEL_ADMIN_KEY_FILE: ${messageOf(error)}`,
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

function problemOfToken(text: string): string | undefined {
  if (/^bearer\s/i.test(text)) {
    return "begins with Bearer: set it to the token alone";
  }
  if (text.startsWith("{") || /\.json$/i.test(text)) {
    return "is a key file: set ZITADEL_ADMIN_KEY_FILE to its path instead";
  }
  return TOKEN.test(text)
    ? undefined
    : "has white space, line breaks or characters that no token has: copy it once more, on one line";
}
