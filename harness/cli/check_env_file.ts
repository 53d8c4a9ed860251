import { dirname } from "node:path";
import { parseEnv, readEnvFile, statOf, temporaryBeside } from "./env_file.ts";
import { SettingsError } from "./errors.ts";

/**
 * Checks that an env file can be written, before anything else is changed.
 *
 * @throws {SettingsError} If its folder is missing, if it is no file or a link to
 * nothing, or if neither it nor its folder is writable.
 */
export async function checkEnvFile(path: string): Promise<void> {
  const refuse = (why: string) => {
    throw new SettingsError(
      `Cannot write the env file ${path}: ${why}. Choose another --env-file`,
    );
  };
  const folder = await statOf(dirname(path));
  if (!folder?.isDirectory) {
    refuse(`there is no folder ${dirname(path)}`);
  }
  const file = await statOf(path);
  if (file && !file.isFile) refuse("it is not a file");
  if (!file && await isLink(path)) {
    refuse("it is a link to a file that does not exist");
  }
  try {
    const place = file ? await Deno.realPath(path) : path;
    const temporary = temporaryBeside(place);
    (await Deno.open(temporary, { write: true, createNew: true })).close();
    await Deno.remove(temporary);
  } catch {
    try {
      (await Deno.open(path, { write: true })).close();
    } catch {
      refuse("this user may not write it");
    }
  }
}

/**
 * Checks that an env file does not belong to another instance.
 *
 * @throws {SettingsError} If its `ZITADEL_DOMAIN` has another origin.
 */
export async function checkInstanceOf(
  envFile: string,
  { origin, originOf }: {
    /** The instance's origin. */
    readonly origin: string;
    readonly originOf: (domain: string) => string;
  },
): Promise<void> {
  const domain = parseEnv(await readEnvFile(envFile)).ZITADEL_DOMAIN?.trim();
  if (!domain || originOf(domain) === origin) return;
  throw new SettingsError(
    `${envFile} belongs to another instance: its ZITADEL_DOMAIN is ${domain}, and this is ${origin}. Choose another --env-file`,
  );
}

function isLink(path: string): Promise<boolean> {
  return Deno.lstat(path).then(({ isSymlink }) => isSymlink, () => false);
}
