import { dirname } from "node:path";
// An older Deno exports no `parseEnv`; it is to evaluate deno_version.ts all the same.
import util from "node:util";
import { SettingsError } from "./errors.ts";
import { utf16Of } from "./utf16.ts";

/** Only the owner may read a new env file. */
const NEW_FILE_MODE = 0o600;

/** The setting that holds the targets' signing keys, comma-separated. */
export const SIGNING_KEY_SETTING = "AUTHORIZATION_SIGNING_KEY";

const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/;

/**
 * Reads the settings of an env file's text as Deno reads them: quotes around a
 * value and a comment after it are not part of it. The last line wins if a name
 * occurs twice.
 */
export function parseEnv(text: string): Record<string, string> {
  return { ...util.parseEnv(text) } as Record<string, string>;
}

/**
 * Sets one setting in an env file's text, or removes it if the value is
 * `undefined`. Every other line stays as it is, comments too.
 */
export function withSetting(
  text: string,
  name: string,
  value: string | undefined,
): string {
  const lines = text === "" ? [] : text.replace(/\n$/, "").split("\n");
  const kept = lines.flatMap((line) => {
    if (LINE.exec(line)?.[1] !== name) return [line];
    if (value === undefined) return [];
    const written = formatSetting(name, value);
    value = undefined;
    return [written];
  });
  if (value !== undefined) kept.push(formatSetting(name, value));
  return kept.length === 0 ? "" : kept.join("\n") + "\n";
}

/**
 * Formats a setting as a line of an env file, quoted only if it could not be
 * read back otherwise: container runtimes keep quotes (`docker run --env-file`).
 *
 * @throws {SettingsError} If the value has control characters: what follows a
 * line break would be another setting.
 */
export function formatSetting(name: string, value: string): string {
  if (/[\p{Cc}\u2028\u2029]/u.test(value)) {
    throw new SettingsError(
      `The value of ${name} has control characters, such as a line break, and could set other settings: write it on one line`,
    );
  }
  const plain = `${name}=${value}`;
  // Deno replaces variables in what is not quoted.
  const isPlain = !value.includes("$") && parseEnv(plain)[name] === value;
  return isPlain ? plain : `${name}='${value}'`;
}

/**
 * Reads an env file; the text is empty if there is no file.
 *
 * @throws {SettingsError} If it is UTF-16: no setting would be found in it.
 */
export async function readEnvFile(path: string): Promise<string> {
  let bytes;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
  if (utf16Of(bytes)) {
    throw new SettingsError(
      `The env file ${path} is UTF-16, as PowerShell's > writes it: save it as UTF-8`,
    );
  }
  return new TextDecoder().decode(bytes);
}

/**
 * Writes an env file so that a reader sees either the old text or the new one. An
 * existing file keeps its owner and mode, and a link stays a link; a new file can
 * be read by its owner only.
 */
export async function writeEnvFile(path: string, text: string): Promise<void> {
  const existing = await statOf(path);
  const file = existing ? await Deno.realPath(path) : path;
  const temporary = temporaryBeside(file);
  try {
    await Deno.writeTextFile(temporary, text, {
      mode: NEW_FILE_MODE,
      createNew: true,
    });
    if (existing) await copyOwnerAndMode(existing, temporary);
    await Deno.rename(temporary, file);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    if (!existing || !isDenied(error)) throw error;
    // A folder or an owner that this user may not change.
    await Deno.writeTextFile(file, text);
  }
}

/** Edits an env file's text, and writes the file if the text changed. */
export async function editEnvFile(
  path: string,
  edit: (text: string) => string,
): Promise<void> {
  const before = await readEnvFile(path);
  const after = edit(before);
  if (after !== before) await writeEnvFile(path, after);
}

/** Reads a comma-separated list of signing keys. */
export function splitKeys(value: string | undefined): string[] {
  return (value ?? "").split(",").map((key) => key.trim()).filter(Boolean);
}

async function copyOwnerAndMode(
  { mode, uid, gid }: Deno.FileInfo,
  path: string,
): Promise<void> {
  const { uid: ownUid, gid: ownGid } = await Deno.stat(path);
  if (uid !== ownUid || gid !== ownGid) await Deno.chown(path, uid, gid);
  if (mode !== null) await Deno.chmod(path, mode & 0o7777);
}

/** A name that git ignores, in case the process is killed meanwhile. */
export function temporaryBeside(file: string): string {
  return `${dirname(file)}/.env.${crypto.randomUUID()}.tmp`;
}

function isDenied(error: unknown): boolean {
  return error instanceof Deno.errors.PermissionDenied ||
    error instanceof Deno.errors.NotCapable;
}

/** Returns `undefined` if there is nothing of that name, or a link to nothing. */
export async function statOf(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
