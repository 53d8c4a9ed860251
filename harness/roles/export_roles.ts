import { parsePermissions } from "../../lib/mapping/role_mapping.ts";
import { problemOf } from "../mapping/interpret_value.ts";
import type { MetadataEntry } from "../zitadel/metadata.ts";

const QUALIFIED = /^(\d+):(.+)$/s;

/**
 * Writes the mapping that the metadata holds as the text of a roles file, and names
 * what of the metadata the function cannot read. `Object.fromEntries` would lose
 * `__proto__` and sort names made of digits.
 */
export function exportRoles(metadata: readonly MetadataEntry[]) {
  const plain: string[] = [];
  const projects = new Map<string, string[]>();
  const skipped: { key: string; why: string }[] = [];
  const keys = new Set(metadata.map(({ key }) => key));
  for (const { key, value } of metadata.toSorted(byKey)) {
    const permissions = parsePermissions(value);
    if (!permissions) {
      skipped.push({ key, why: problemOf(value)! });
      continue;
    }
    const list = permissions.map((it) => JSON.stringify(it)).join(", ");
    const member = (name: string) => `${JSON.stringify(name)}: [${list}]`;
    const [, project, role] = QUALIFIED.exec(key) ?? [];
    // A role may be called as a project's id is; a name occurs once in a file.
    if (project === undefined || keys.has(project)) plain.push(member(key));
    else {
      projects.getOrInsertComputed(project, () => []).push(member(role!));
    }
  }
  const blocks = [...projects].map(([id, roles]) =>
    `${JSON.stringify(id)}: {\n    ${roles.join(",\n    ")}\n  }`
  );
  const members = [...plain, ...blocks].join(",\n  ");
  return { text: members ? `{\n  ${members}\n}\n` : "{}\n", skipped };
}

function byKey(a: MetadataEntry, b: MetadataEntry): number {
  return a.key < b.key ? -1 : 1;
}
