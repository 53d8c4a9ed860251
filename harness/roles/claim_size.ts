import type { Mapping } from "../mapping/parse_roles.ts";

/**
 * Works out how much the roles of a mapping add to a token of the claim's shape
 * `list`: by metadata key, largest first, and for a user of all roles.
 */
export function measureClaim(mapping: Mapping) {
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
