import {
  compileRolePermissions,
  type RolePermissions,
} from "../../lib/role_permissions.ts";

/**
 * Makes a mapping of an organization's metadata.
 *
 * @param values The metadata: keys and the text of their values.
 * @returns The mapping.
 */
export function mappingOf(
  values: Readonly<Record<string, string>>,
): RolePermissions {
  const encoder = new TextEncoder();
  return compileRolePermissions(
    Object.entries(values).map(([key, value]) => ({
      key,
      value: encoder.encode(value),
    })),
  );
}
