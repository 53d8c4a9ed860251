import { FunctionError } from "../errors.ts";
import { permissionsOf, type RoleMapping } from "../mapping/role_mapping.ts";
import type { UserGrant } from "../request/payload.ts";
import { distinct } from "../util/distinct.ts";

/** A grant's state when it is active; others grant nothing. */
export const GRANT_STATE_ACTIVE = 1;

/**
 * The most permissions that the roles of one call grant, each counted as often
 * as it is granted: no token carries so many, and merging them takes the
 * isolate a few milliseconds. A tenant with many projects must not stop the
 * logins of others.
 */
export const MAX_GRANTED_PERMISSIONS = 50_000;

/** The most characters that these permissions have: over a hundred times what a header carries. */
export const MAX_GRANTED_CHARACTERS = 1_000_000;

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
 * @throws {FunctionError} If the roles grant more than {@linkcode MAX_GRANTED_PERMISSIONS} or {@linkcode MAX_GRANTED_CHARACTERS}.
 */
export function permissionsOfGrants(
  grants: readonly RoleGrant[],
  options: MappingOptions,
): GrantedPermissions[] {
  const found = grants.map((grant) => lookUpRoles(grant, options));
  // Before anything is copied: a mapping is shared by all of a user's grants.
  requireClaimSize(found);
  return grants.map(({ projectId, resourceOwner: organization }, index) => ({
    projectId,
    organization,
    permissions: mergeNames(found[index]!),
  }));
}

/**
 * Lists what all grants permit together.
 *
 * @param granted What each grant permits.
 * @returns The permissions in order of first appearance, each once.
 */
export function permissionsIn(
  granted: readonly GrantedPermissions[],
): readonly string[] {
  const [only, ...others] = granted;
  return only && others.length === 0
    ? only.permissions
    : distinct(granted.flatMap(({ permissions }) => permissions));
}

/** The mapping's own lists, one for each role that has an entry. */
type NameLists = readonly (readonly string[])[];

function lookUpRoles(
  grant: RoleGrant,
  { mappingOf, isKnownProject }: MappingOptions,
): NameLists {
  const { projectId, roles } = grant;
  const mapping = mappingOf(grant);
  const lists: (readonly string[])[] = [];
  for (const role of roles) {
    const names = permissionsOf(mapping, { projectId, role }, isKnownProject);
    if (names) lists.push(names);
  }
  return lists;
}

function requireClaimSize(found: readonly NameLists[]): void {
  let count = 0;
  let characters = 0;
  for (const lists of found) {
    for (const names of lists) {
      count += names.length;
      if (count > MAX_GRANTED_PERMISSIONS) throw tooMany();
      for (const name of names) characters += name.length;
      if (characters > MAX_GRANTED_CHARACTERS) throw tooMany();
    }
  }
}

function tooMany(): FunctionError {
  return new FunctionError(
    "upstream_failed",
    `Cannot build the claim: the user's roles grant more than ${MAX_GRANTED_PERMISSIONS} permissions or ${MAX_GRANTED_CHARACTERS} characters`,
    {
      reason: "large_claim",
      remedy:
        "Give coarser permissions to the roles, or list the projects that count in PROJECTS",
    },
  );
}

/** Merges lists that have no repetitions; a single one is shared, not copied. */
function mergeNames(lists: NameLists): readonly string[] {
  return lists.length === 1 ? lists[0]! : distinct(lists.flat());
}
