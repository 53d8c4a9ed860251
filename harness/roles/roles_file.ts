import { parsePermissions } from "../../lib/mapping/role_mapping.ts";

/** What each metadata key permits. */
export type Mapping = ReadonlyMap<string, readonly string[]>;

/** ZITADEL's limit for a metadata key, in characters. */
const MAX_KEY_LENGTH = 200;

const EXPECTED = 'expected an object such as {"admin": ["read:all"]}';

/**
 * Reads a mapping file.
 *
 * @param path Where it is.
 * @returns The permissions of each metadata key.
 * @throws {Error} Naming the file, what is wrong with it and what is expected.
 */
export async function readMappingFile(path: string): Promise<Mapping> {
  try {
    return parseMapping(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(`${path}: there is no such file; ${EXPECTED} in it`);
    }
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}

/**
 * Reads the text of a mapping file: `{"admin": ["read:all"]}`, and by project, where two
 * projects give one name two meanings, `{"<project id>": {"admin": [...]}}`.
 *
 * @param text The file's text.
 * @returns The permissions of each metadata key: `admin`, `<project id>:admin`.
 * @throws {Error} Naming every entry that is not of this form.
 *
 * @example
 * ```ts
 * parseMapping('{"admin": ["read:all"], "123": {"admin": ["shop:all"]}}');
 * // Map { "admin" => ["read:all"], "123:admin" => ["shop:all"] }
 * ```
 */
export function parseMapping(text: string): Mapping {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const seen = text.trim() === ""
      ? "it is empty"
      : `it is not JSON (${(error as Error).message})`;
    throw new Error(`Cannot read the mapping: ${seen}; ${EXPECTED}`);
  }
  if (!isObject(json)) {
    throw new Error(`Cannot read the mapping: ${EXPECTED}`);
  }
  const mapping = new Map<string, readonly string[]>();
  const problems: string[] = [];
  const take = (key: string, value: unknown) => {
    if (key === "" || key.length > MAX_KEY_LENGTH) {
      problems.push(`"${key}" is not 1 to ${MAX_KEY_LENGTH} characters long`);
    } else if (!Array.isArray(value) || !value.every(isString)) {
      problems.push(`"${key}" is not an array of strings`);
    } else {
      mapping.set(key, value);
    }
  };
  for (const [key, value] of Object.entries(json)) {
    if (isObject(value)) {
      for (const [role, permissions] of Object.entries(value)) {
        take(`${key}:${role}`, permissions);
      }
    } else {
      take(key, value);
    }
  }
  if (problems.length > 0) {
    throw new Error(`Cannot read the mapping: ${problems.join("; ")}`);
  }
  return mapping;
}

/**
 * Says whether a metadata value means just these permissions, in whichever of
 * the forms that the function reads.
 *
 * @param value The value as stored.
 * @param permissions The permissions.
 * @returns Whether nothing need be written.
 */
export function meansSame(
  value: Uint8Array,
  permissions: readonly string[],
): boolean {
  const stored = parsePermissions(value);
  return Array.isArray(stored) &&
    JSON.stringify(stored) === JSON.stringify([...new Set(permissions)]);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isString(value: unknown): value is string {
  return typeof value === "string";
}
