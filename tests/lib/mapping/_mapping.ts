import {
  parseRoleMapping,
  type RoleMapping,
} from "../../../lib/mapping/role_mapping.ts";

/**
 * Makes a mapping of an organization's metadata.
 *
 * @param values The metadata: keys and the text of their values.
 * @returns The mapping.
 */
export function mappingOf(
  values: Readonly<Record<string, string>>,
): RoleMapping {
  const encoder = new TextEncoder();
  return parseRoleMapping(
    Object.entries(values).map(([key, value]) => ({
      key,
      value: encoder.encode(value),
    })),
  );
}
