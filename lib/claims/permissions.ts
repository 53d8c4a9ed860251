import { FunctionError } from "../errors.ts";
import { permissionsOf, type RoleMapping } from "../mapping/role_mapping.ts";
import { distinct } from "../util/distinct.ts";
import type { RoleGrant } from "./grants.ts";

/**
 * The most permissions that the roles of one call grant, each counted as often
 * as it is granted: no token carries so many, and merging them takes the
 * isolate a few milliseconds. A tenant with many projects must not stop the
 * logins of others.
 */
const MAX_GRANTED_PERMISSIONS = 50_000;

/** The most characters that these permissions have: over a hundred times what a header carries. */
const MAX_GRANTED_CHARACTERS = 1_000_000;

/**
 * The most characters that foreign organizations add to a claim together. A
 * claim of 8,000 makes a token of 11 kB; common servers refuse headers over 16.
 */
const MAX_FOREIGN_CHARACTERS = 8_000;

/** A grant, and what it permits. */
export interface Granted extends RoleGrant {
  /** In order of first appearance, each once. */
  readonly permissions: readonly string[];
}

/** What mapping grants to permissions needs. */
export interface MappingOptions {
  /** Returns the mapping that counts for a grant; `undefined` if the grant gives nothing. */
  readonly mappingOf: (grant: RoleGrant) => RoleMapping | undefined;
  /** Reports whether an id is that of a project, so that a role cannot pose as an entry of it. */
  readonly isKnownProject: (id: string) => boolean;
  /** Reports whether an organization is another than the user's own, and writes its own mapping. */
  readonly isForeign?: (organization: string) => boolean;
  /** Told of each foreign organization whose grants are left out for their size. */
  readonly onTooLong?: (organization: string) => void;
}

/** A grant, and the mapping's own lists: one for each role that has an entry. */
interface Found {
  readonly grant: RoleGrant;
  readonly lists: readonly (readonly string[])[];
}

/**
 * Maps the roles of each grant to permissions. Roles without an entry grant
 * nothing.
 *
 * @throws {FunctionError} `large_claim` if the roles grant more than any token carries.
 */
export function permissionsOfGrants(
  grants: readonly RoleGrant[],
  options: MappingOptions,
): Granted[] {
  const found: Found[] = [];
  for (const grant of grants) {
    const mapping = options.mappingOf(grant);
    if (mapping) found.push(lookUpRoles(grant, mapping, options));
  }
  // Before anything is copied: a mapping is shared by all of a user's grants.
  const counted = withoutLongForeign(found, options);
  requireClaimSize(counted);
  return counted.map(({ grant, lists }) => ({
    ...grant,
    permissions: mergeNames(lists),
  }));
}

/** Lists what all grants permit together, in order of first appearance, each once. */
export function permissionsIn(
  granted: readonly Pick<Granted, "permissions">[],
): readonly string[] {
  const [only, ...others] = granted;
  return only && others.length === 0
    ? only.permissions
    : distinct(granted.flatMap(({ permissions }) => permissions));
}

function lookUpRoles(
  grant: RoleGrant,
  mapping: RoleMapping,
  { isKnownProject }: MappingOptions,
): Found {
  const { projectId, roles } = grant;
  const lists: (readonly string[])[] = [];
  for (const role of roles) {
    const names = permissionsOf(mapping, { projectId, role }, isKnownProject);
    if (names) lists.push(names);
  }
  return { grant, lists };
}

/** Leaves out each foreign organization that does not fit beside those before it. */
function withoutLongForeign(
  found: readonly Found[],
  { isForeign = () => false, onTooLong = () => {} }: MappingOptions,
): readonly Found[] {
  const room = {
    permissions: MAX_FOREIGN_CHARACTERS,
    roles: MAX_FOREIGN_CHARACTERS,
  };
  const tooLong = new Set<string>();
  const byOrganization = Map.groupBy(found, ({ grant }) => grant.organization);
  for (const [organization, its] of byOrganization) {
    if (!isForeign(organization)) continue;
    const permissions = its.reduce(
      (sum, { grant, lists }) =>
        sum + jsonLength([grant.projectId, organization]) +
        jsonLength(...lists),
      0,
    );
    const roles = jsonLength(...its.map(({ grant }) => grant.roles));
    if (permissions > room.permissions || roles > room.roles) {
      tooLong.add(organization);
    } else {
      room.permissions -= permissions;
      room.roles -= roles;
    }
  }
  if (tooLong.size === 0) return found;
  tooLong.forEach(onTooLong);
  return found.filter(({ grant }) => !tooLong.has(grant.organization));
}

/** The length of distinct texts in a JSON array; over the bound, no more is counted. */
function jsonLength(...lists: readonly (readonly string[])[]): number {
  let length = 0;
  const seen = new Set<string>();
  for (const texts of lists) {
    for (const text of texts) {
      if (length > MAX_FOREIGN_CHARACTERS) return length;
      if (seen.has(text)) continue;
      seen.add(text);
      length += JSON.stringify(text).length + 1;
    }
  }
  return length;
}

function requireClaimSize(found: readonly Found[]): void {
  let count = 0;
  let characters = 0;
  for (const { lists } of found) {
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
    { reason: "large_claim" },
  );
}

/** Merges lists that have no repetitions; a single one is shared, not copied. */
function mergeNames(lists: readonly (readonly string[])[]): readonly string[] {
  return lists.length === 1 ? lists[0]! : distinct(lists.flat());
}
