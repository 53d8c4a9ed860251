import { parsePermissions } from "../../lib/mapping/role_mapping.ts";
import { printable } from "../cli/terminal.ts";
import { utf16Of } from "../cli/utf16.ts";
import {
  type ParsedRoles,
  parseRoles,
  type RolesProblem,
} from "./parse_roles.ts";

/** Reads a roles file with all its problems. */
export async function readRolesFile(path: string): Promise<ParsedRoles> {
  return parseRoles(decode(await Deno.readFile(path), path));
}

/**
 * Reads a mapping file.
 *
 * @throws {Error} Naming the file and every error in it, each with its path.
 */
export async function readMappingFile(path: string): Promise<ParsedRoles> {
  const parsed = await readRolesFile(path);
  const lines = parsed.problems.filter(({ severity }) => severity === "error")
    .map((problem) => `  ${formatProblem(problem)}`);
  if (lines.length === 0) return parsed;
  throw new Error(
    `Cannot read ${printable(path)}; nothing was written\n${lines.join("\n")}`,
  );
}

/** Formats a problem as a line: `Storefront.editor[1]: is not a string`. */
export function formatProblem({ path, text }: RolesProblem): string {
  return printable(path === "" ? text : `${path}: ${text}`);
}

/** Decodes UTF-8, with or without a byte order mark. */
function decode(bytes: Uint8Array, path: string): string {
  if (utf16Of(bytes)) {
    throw new Error(`${printable(path)} is UTF-16: save it as UTF-8`);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Error(`${printable(path)} is not UTF-8: save it as UTF-8`);
  }
}

/**
 * Reports whether a metadata value means just these permissions, in any of the
 * forms that the function reads.
 */
export function meansSame(
  value: Uint8Array,
  permissions: readonly string[],
): boolean {
  const stored = parsePermissions(value);
  return stored !== undefined &&
    JSON.stringify(stored) === JSON.stringify([...new Set(permissions)]);
}
