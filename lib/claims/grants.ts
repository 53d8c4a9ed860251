import { permissionsOf, type RoleMapping } from "../mapping/role_mapping.ts";
import type { UserGrant } from "../request/payload.ts";

/** A grant's state when it is active; others grant nothing. */
export const GRANT_STATE_ACTIVE = 1;

/** An active grant that names at least one role. */
export interface RoleGrant {
  /** The project that the roles belong to. */
  readonly projectId: string;
  /** The organization that gave the grant. */
  readonly resourceOwner: string;
  /** The names of the roles. */
  readonly roles: readonly string[];
}

/**
 * Picks the grants that count: active ones that name a role, of the listed
 * projects.
 *
 * @param grants The payload's `user_grants`; absent if there is nothing to list.
 * @param projects The projects whose grants count; `undefined` if all do.
 * @returns The grants in their order.
 */
export function roleGrants(
  grants: readonly UserGrant[] | null | undefined,
  projects?: ReadonlySet<string>,
): RoleGrant[] {
  const result: RoleGrant[] = [];
  for (const grant of grants ?? []) {
    if (grant.state !== GRANT_STATE_ACTIVE || !grant.roles?.length) continue;
    if (projects && !projects.has(grant.project_id)) continue;
    result.push({
      projectId: grant.project_id,
      resourceOwner: grant.resource_owner,
      roles: grant.roles,
    });
  }
  return result;
}

/** What one grant permits. */
export interface GrantedPermissions {
  /** The project that the permissions belong to. */
  readonly projectId: string;
  /** The organization that gave the grant. */
  readonly organization: string;
  /** The permissions in order of first appearance, each once. */
  readonly permissions: readonly string[];
}

/** What mapping grants to permissions needs. */
export interface MappingOptions {
  /** Returns the mapping that counts for a grant. */
  readonly mappingOf: (grant: RoleGrant) => RoleMapping;
  /** Reports whether an id is that of a project, so that a role cannot pose as an entry of it. */
  readonly isKnownProject: (id: string) => boolean;
}

/**
 * Maps the roles of each grant to permissions. Roles without an entry grant
 * nothing.
 *
 * @param grants The user's grants.
 * @param options Where the mappings are, and which project ids are known.
 * @returns What each grant permits, in the order of the grants.
 */
export function permissionsOfGrants(
  grants: readonly RoleGrant[],
  { mappingOf, isKnownProject }: MappingOptions,
): GrantedPermissions[] {
  return grants.map((grant) => {
    const { projectId, resourceOwner: organization } = grant;
    const mapping = mappingOf(grant);
    const permissions = new Set<string>();
    for (const role of grant.roles) {
      const granted = permissionsOf(
        mapping,
        { projectId, role },
        isKnownProject,
      );
      for (const permission of granted ?? []) permissions.add(permission);
    }
    return { projectId, organization, permissions: [...permissions] };
  });
}
