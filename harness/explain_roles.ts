import { roleGrants } from "../lib/claims.ts";
import type { FunctionCall } from "../lib/payload.ts";
import {
  compileRolePermissions,
  type MetadataEntry,
  permissionsOf,
} from "../lib/role_permissions.ts";

/** What one role of a user became. */
export interface RoleExplanation {
  /** The project that the role belongs to. */
  readonly project: string;
  /** The role's name. */
  readonly role: string;
  /** Whose metadata was looked at; empty where the payload does not say. */
  readonly organization: string;
  /** The entry that counts: `<project id>:<role>`, or `<role>`; absent where there is none. */
  readonly entry: string | undefined;
  /** What the role grants. */
  readonly permissions: readonly string[];
  /** Why the entry grants nothing, where it cannot be read. */
  readonly problem: string | undefined;
}

/** What a look-up of roles depends on beside the call. */
export interface ExplainOptions {
  /** The metadata of each organization, by its id. */
  readonly metadata: ReadonlyMap<string, readonly MetadataEntry[]>;
  /** As METADATA_ORGANIZATION: `user`, `grant`, or one organization's id. */
  readonly metadataOrganization: string;
}

/**
 * Says role by role where a user's permissions come from, by the same look-up
 * that the function does.
 *
 * @param call What ZITADEL sent.
 * @param options The metadata, and whose counts.
 * @returns One explanation for each role, in the order of the grants.
 */
export function explainRoles(
  call: FunctionCall,
  { metadata, metadataOrganization }: ExplainOptions,
): RoleExplanation[] {
  const ownOrganization = call.org?.id ?? call.user?.resource_owner ?? "";
  const compiled = new Map(
    Array.from(metadata, ([id, entries]) =>
      [
        id,
        compileRolePermissions(entries),
      ] as const),
  );
  return roleGrants(call.user_grants).flatMap(
    ({ projectId: project, resourceOwner, roles }) => {
      const organization = metadataOrganization === "user"
        ? ownOrganization
        : metadataOrganization === "grant"
        ? resourceOwner
        : metadataOrganization;
      const mapping = compiled.get(organization) ?? compileRolePermissions([]);
      return roles.map((role): RoleExplanation => {
        const permissions = permissionsOf(mapping, project, role);
        const qualified = `${project}:${role}`;
        const entry = permissions === undefined
          ? undefined
          : mapping.permissions.has(qualified)
          ? qualified
          : role;
        return {
          project,
          role,
          organization,
          entry,
          permissions: permissions ?? [],
          problem: mapping.problems.find(({ key }) => key === entry)?.problem,
        };
      });
    },
  );
}
