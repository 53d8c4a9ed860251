import { FunctionError } from "../errors.ts";
import { permissionsOf, type RoleMapping } from "../mapping/role_mapping.ts";
import { mergeDistinct } from "../util/distinct.ts";
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
 * The most characters that foreign organizations add to a claim together, as
 * bytes of its JSON. A claim of 8,000 makes a token of 11 kB; common servers
 * refuse headers over 16.
 */
const MAX_FOREIGN_CHARACTERS = 8_000;

/** The most names of foreign organizations that are looked at, repetitions included: that takes time too. */
const MAX_FOREIGN_NAMES = 20_000;

/** A grant, and what it permits. */
export interface Granted extends RoleGrant {
  /** In order of first appearance, each once. */
  readonly permissions: readonly string[];
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
  { mappingOf, isKnownProject, isForeign = () => false, onTooLong = () => {} }:
    {
      /** Returns the mapping that counts for a grant; `undefined` if the grant gives nothing. */
      readonly mappingOf: (grant: RoleGrant) => RoleMapping | undefined;
      /** Reports whether an id is that of a project, so that a role cannot pose as an entry of it. */
      readonly isKnownProject: (id: string) => boolean;
      /** Reports whether an organization is another than the user's own, and writes its own mapping. */
      readonly isForeign?: (organization: string) => boolean;
      /** Told of each foreign organization whose grants are left out for their size. */
      readonly onTooLong?: (organization: string) => void;
    },
): Granted[] {
  let found: Found[] = [];
  for (const grant of grants) {
    const mapping = mappingOf(grant);
    if (!mapping) continue;
    const { projectId } = grant;
    const lists: (readonly string[])[] = [];
    for (const role of grant.roles) {
      const names = permissionsOf(mapping, { projectId, role }, isKnownProject);
      if (names) lists.push(names);
    }
    found.push({ grant, lists });
  }
  const isForeignGrant = ({ grant }: Found) => isForeign(grant.organization);
  const tooLong = tooLongForeign(found.filter(isForeignGrant));
  if (tooLong.size > 0) {
    tooLong.forEach((organization) => onTooLong(organization));
    found = found.filter(({ grant }) => !tooLong.has(grant.organization));
  }
  // Before anything is copied: a mapping is shared by all of a user's grants.
  requireClaimSize(found.filter((it) => !isForeignGrant(it)));
  return found.map(({ grant, lists }) => ({
    ...grant,
    permissions: mergeDistinct(lists),
  }));
}

/** Lists what all grants permit together, in order of first appearance, each once. */
export function permissionsIn(
  granted: readonly Pick<Granted, "permissions">[],
): readonly string[] {
  return mergeDistinct(granted.map(({ permissions }) => permissions));
}

/** Returns the foreign organizations that do not fit beside those before them. */
function tooLongForeign(foreign: readonly Found[]): ReadonlySet<string> {
  const tooLong = new Set<string>();
  let namesLeft = MAX_FOREIGN_NAMES;
  /** The length of distinct texts in a JSON array; `Infinity` once the bound is passed. */
  const lengthOf = (lists: readonly (readonly string[])[]): number => {
    const seen = new Set<string>();
    let length = 0;
    for (const texts of lists) {
      for (const text of texts) {
        if (--namesLeft < 0 || length > MAX_FOREIGN_CHARACTERS) return Infinity;
        if (seen.has(text)) continue;
        seen.add(text);
        length += jsonBytes(text) + 1;
      }
    }
    return length;
  };
  let permissions = 0;
  let roles = 0;
  const byOrganization = Map.groupBy(
    foreign,
    ({ grant }) => grant.organization,
  );
  for (const [organization, its] of byOrganization) {
    let more = 0;
    for (const { grant, lists } of its) {
      more += lengthOf([[grant.projectId, organization], ...lists]);
      if (permissions + more > MAX_FOREIGN_CHARACTERS) break;
    }
    const moreRoles = lengthOf(its.map(({ grant }) => grant.roles));
    const isTooLong = permissions + more > MAX_FOREIGN_CHARACTERS ||
      roles + moreRoles > MAX_FOREIGN_CHARACTERS;
    if (isTooLong) {
      tooLong.add(organization);
    } else {
      permissions += more;
      roles += moreRoles;
    }
  }
  return tooLong;
}

/** The bytes of a text in JSON as Go writes it, which escapes what HTML reads. */
function jsonBytes(text: string): number {
  const json = JSON.stringify(text).replaceAll(/[<>&]/g, "\\u0000");
  return new TextEncoder().encode(json).length;
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
