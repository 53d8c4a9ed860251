import { permissionsOfGrants } from "../../lib/claims/permissions.ts";
import { claimsReply } from "../../lib/claims/reply.ts";
import {
  knownProjects,
  type MetadataEntry,
  parseRoleMapping,
} from "../../lib/mapping/role_mapping.ts";

const SIZES = [10, 1_000, 10_000];

function entries(size: number): MetadataEntry[] {
  const encoder = new TextEncoder();
  return Array.from({ length: size }, (_, i) => ({
    key: `role-${i}`,
    value: encoder.encode(`["role-${i}:read","role-${i}:write"]`),
  }));
}

function grant(roles: number, size: number) {
  return {
    projectId: "400930456041688102",
    organization: "400930455974579238",
    // Spread over the whole mapping, so that the position makes no difference.
    roles: Array.from(
      { length: roles },
      (_, i) => `role-${Math.floor(i * size / roles)}`,
    ),
  };
}

const isKnownProject = knownProjects(undefined, ["400930456041688102"]);

for (const size of SIZES) {
  const metadata = entries(size);
  Deno.bench(`parseRoleMapping() of ${size} entries`, {
    group: "compile",
  }, () => {
    parseRoleMapping(metadata);
  });
}

for (const size of SIZES) {
  const mapping = parseRoleMapping(entries(size));
  const grants = [grant(2, size)];
  Deno.bench(`permissionsOfGrants() of 2 roles in ${size} entries`, {
    group: "mapping size",
    baseline: size === SIZES[0],
  }, () => {
    permissionsOfGrants(grants, { mappingOf: () => mapping, isKnownProject });
  });
}

for (const roles of [1, 10, 100]) {
  const mapping = parseRoleMapping(entries(100));
  const grants = [grant(roles, 100)];
  Deno.bench(`reply for ${roles} of 100 roles`, {
    group: "roles",
    baseline: roles === 1,
  }, () => {
    const granted = permissionsOfGrants(grants, {
      mappingOf: () => mapping,
      isKnownProject,
    });
    const names = { claim: "permissions", shape: "list", roles: [] } as const;
    JSON.stringify(claimsReply({ ...names, granted }).body);
  });
}
