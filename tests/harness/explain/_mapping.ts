import { parseRoleMapping } from "../../../lib/mapping/role_mapping.ts";

/** A mapping of these values, and the entries that it was parsed from. */
export function mappingOf(values: Readonly<Record<string, string>>) {
  const entries = Object.entries(values).map(([key, value]) => ({
    key,
    value: new TextEncoder().encode(value),
  }));
  return { ...parseRoleMapping(entries), entries };
}
