import { dirname } from "node:path";
import { SettingsError } from "./errors.ts";

/** The setting that holds the targets' signing keys, comma-separated. */
export const SIGNING_KEY_SETTING = "AUTHORIZATION_SIGNING_KEY";

const LINE = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/;

/**
 * Reads the settings of an env file's text: `KEY=value` lines, quoted or not. The
 * last one wins if a name occurs twice.
 */
export function parseEnv(text: string): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    if (match) settings[match[1]!] = unquote(match[2]!);
  }
  return settings;
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
 * Formats a setting as a line of an env file, quoted if necessary.
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
  return /[\s"#]/.test(value) ? `${name}='${value}'` : `${name}=${value}`;
}

/** Reads an env file; the text is empty if there is no file. */
export async function readEnvFile(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/**
 * Writes an env file so that only its owner can read it, and so that a reader sees
 * either the old text or the new one. A link stays a link.
 */
export async function writeEnvFile(path: string, text: string): Promise<void> {
  const file = await Deno.realPath(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return path;
    throw error;
  });
  // Git ignores this name, in case the process is killed meanwhile.
  const temporary = `${dirname(file)}/.env.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.writeTextFile(temporary, text, { mode: 0o600, createNew: true });
    await Deno.rename(temporary, file);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
}

/** Reads a comma-separated list of signing keys. */
export function splitKeys(value: string | undefined): string[] {
  return (value ?? "").split(",").map((key) => key.trim()).filter(Boolean);
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted ? quoted[2]! : value.replace(/\s+#.*$/, "");
}
