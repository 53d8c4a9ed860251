import { parsePermissions } from "../../lib/mapping/role_mapping.ts";
import { problemOf } from "../mapping/interpret_value.ts";
import type { MetadataEntry } from "../zitadel/metadata.ts";

/** A mapping as a roles file, and what of the metadata is not in it. */
export interface ExportedRoles {
  /** The file's text. */
  readonly text: string;
  /** Metadata that the function cannot read as permissions. */
  readonly skipped: readonly { readonly key: string; readonly why: string }[];
}

const QUALIFIED = /^(\d+):(.+)$/s;

/** Writes the mapping that the metadata holds as a roles file. */
export function exportRoles(metadata: readonly MetadataEntry[]): ExportedRoles {
  const plain = new Map<string, readonly string[]>();
  const projects = new Map<string, Map<string, readonly string[]>>();
  const skipped: { key: string; why: string }[] = [];
  const keys = new Set(metadata.map(({ key }) => key));
  const sorted = metadata.toSorted((a, b) => a.key < b.key ? -1 : 1);
  for (const { key, value } of sorted) {
    const permissions = parsePermissions(value);
    if (!permissions) {
      skipped.push({ key, why: problemOf(value)! });
      continue;
    }
    const [, project, role] = QUALIFIED.exec(key) ?? [];
    // A role may be called as a project's id is; a name occurs once in a file.
    if (project === undefined || keys.has(project)) plain.set(key, permissions);
    else {
      if (!projects.has(project)) projects.set(project, new Map());
      projects.get(project)!.set(role!, permissions);
    }
  }
  return { text: formatRoles(plain, projects), skipped };
}

/** `Object.fromEntries` would lose `__proto__` and sort names made of digits. */
function formatRoles(
  plain: ReadonlyMap<string, readonly string[]>,
  projects: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>,
): string {
  const members = (
    roles: ReadonlyMap<string, readonly string[]>,
    indent: string,
  ) =>
    [...roles].map(([key, permissions]) =>
      `${indent}${JSON.stringify(key)}: ${formatList(permissions)}`
    );
  const blocks = [...projects].map(([id, roles]) =>
    `  ${JSON.stringify(id)}: {\n${members(roles, "    ").join(",\n")}\n  }`
  );
  const lines = [...members(plain, "  "), ...blocks];
  return lines.length === 0 ? "{}\n" : `{\n${lines.join(",\n")}\n}\n`;
}

function formatList(permissions: readonly string[]): string {
  return `[${permissions.map((it) => JSON.stringify(it)).join(", ")}]`;
}
