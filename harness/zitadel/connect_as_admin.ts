import { checkEnvFile, checkInstanceOf } from "../cli/check_env_file.ts";
import type { Io } from "../cli/io.ts";
import {
  ADMIN_TOKEN_HINT,
  DOMAIN_HINT,
  readSettings,
  required,
} from "../cli/settings.ts";
import { connect, originOf } from "./client.ts";
import { withAdminToken } from "./key_file.ts";

/**
 * Reads the settings and connects with the administrator's token. Sends
 * nothing, except to get that token for a key file.
 *
 * @throws {SettingsError} If the domain or the token is missing or wrong; the
 * message never holds the token.
 */
export async function connectAsAdmin(
  envFile: string,
  io: Pick<Io, "env">,
) {
  const settings = await withAdminToken(await readSettings(envFile, io));
  const domain = required(settings, "ZITADEL_DOMAIN", DOMAIN_HINT, envFile);
  const token = required(
    settings,
    "ZITADEL_ADMIN_TOKEN",
    ADMIN_TOKEN_HINT,
    envFile,
  );
  return { settings, domain, instance: connect(domain, token) };
}

/**
 * Connects for a command that writes the env file.
 *
 * @throws {SettingsError} Also if the file cannot be written, or belongs to another
 * instance.
 */
export async function connectWithEnvFile(
  envFile: string,
  io: Pick<Io, "env">,
) {
  await checkEnvFile(envFile);
  const connection = await connectAsAdmin(envFile, io);
  const { origin } = connection.instance;
  await checkInstanceOf(envFile, { origin, originOf });
  return connection;
}
