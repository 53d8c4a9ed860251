import type { Io } from "../cli/io.ts";
import {
  ADMIN_TOKEN_HINT,
  DOMAIN_HINT,
  readSettings,
  required,
  type Settings,
} from "../cli/settings.ts";
import { connect, type Instance } from "./client.ts";

/** An instance, and the settings that name it. */
export interface AdminConnection {
  readonly settings: Settings;
  /** `ZITADEL_DOMAIN` as it was set. */
  readonly domain: string;
  readonly instance: Instance;
}

/**
 * Reads the settings and connects with the administrator's token. Sends nothing.
 *
 * @throws {SettingsError} If the domain or the token is missing or wrong.
 */
export async function connectAsAdmin(
  envFile: string,
  io: Pick<Io, "env">,
): Promise<AdminConnection> {
  const settings = await readSettings(envFile, io);
  const domain = required(settings, "ZITADEL_DOMAIN", DOMAIN_HINT);
  const token = required(settings, "ZITADEL_ADMIN_TOKEN", ADMIN_TOKEN_HINT);
  return { settings, domain, instance: connect(domain, token) };
}
