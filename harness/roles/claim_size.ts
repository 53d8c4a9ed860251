import type { Mapping } from "../mapping/parse_roles.ts";

/** How much the roles of a mapping add to a token. */
export interface ClaimSizes {
  /** By metadata key, largest first. */
  readonly roles: readonly { readonly key: string; readonly bytes: number }[];
  /** For a user of all roles. */
  readonly largest: number;
  /** How many permissions a user of all roles has. */
  readonly permissions: number;
}

/** Works out the sizes for the claim's shape `list`, as encoded in a JWT. */
export function measureClaim(mapping: Mapping): ClaimSizes {
  const all = new Set([...mapping.values()].flat());
  const roles = [...mapping].map(([key, permissions]) => ({
    key,
    bytes: encodedBytes(permissions),
  })).sort((a, b) => b.bytes - a.bytes);
  return { roles, largest: encodedBytes(all), permissions: all.size };
}

/** The bytes of a list in a JWT: JSON with its commas, then base64url. */
function encodedBytes(permissions: Iterable<string>): number {
  const json = JSON.stringify([...new Set(permissions)]).slice(1, -1);
  return Math.ceil(new TextEncoder().encode(json).length * 4 / 3);
}
