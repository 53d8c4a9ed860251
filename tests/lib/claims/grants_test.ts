import assert from "node:assert/strict";
import {
  MAX_GRANTED_CHARACTERS,
  MAX_GRANTED_PERMISSIONS,
  permissionsOfGrants,
  type RoleGrant,
  roleGrants,
} from "../../../lib/claims/grants.ts";
import { FunctionError } from "../../../lib/errors.ts";
import { createRoleMapping } from "../../../lib/mapping/role_mapping.ts";
import { mappingOf } from "../mapping/_mapping.ts";

const grant = {
  project_id: "1",
  resource_owner: "10",
  state: 1,
  roles: ["admin", "viewer"],
};

const isKnownProject = (id: string) => /^\d+$/.test(id);

Deno.test("roleGrants() picks active grants that name a role", () => {
  assert.deepEqual(
    roleGrants([
      grant,
      { ...grant, state: 2 },
      { ...grant, state: 0 },
      { ...grant, roles: [] },
      { ...grant, roles: null },
      { project_id: "1", resource_owner: "10", state: 1 },
      { ...grant, project_id: "2", resource_owner: "20", roles: ["viewer"] },
    ]),
    [
      { projectId: "1", resourceOwner: "10", roles: ["admin", "viewer"] },
      { projectId: "2", resourceOwner: "20", roles: ["viewer"] },
    ],
  );
});

Deno.test("roleGrants() picks grants of the listed projects only", () => {
  const grants = ["1", "1:ops", "2", "__proto__", " 1"].map((project_id) => ({
    ...grant,
    project_id,
  }));
  assert.deepEqual(
    roleGrants(grants, new Set(["1", "3"])).map(({ projectId }) => projectId),
    ["1"],
  );
});

Deno.test("roleGrants() returns nothing when there are no grants", () => {
  assert.deepEqual(roleGrants(undefined), []);
  assert.deepEqual(roleGrants(null), []);
  assert.deepEqual(roleGrants([]), []);
});

Deno.test("permissionsOfGrants() names each permission of a grant once, in order of first appearance", () => {
  const grants = roleGrants([grant, {
    ...grant,
    project_id: "2",
    resource_owner: "20",
    roles: ["viewer", "picker", "unknown"],
  }]);
  const one = mappingOf({
    viewer: "read,comment",
    admin: "write,read",
    "2:viewer": "pick,read",
    picker: "pick,stock",
  });
  assert.deepEqual(
    permissionsOfGrants(grants, { mappingOf: () => one, isKnownProject }),
    [
      {
        projectId: "1",
        organization: "10",
        permissions: ["write", "read", "comment"],
      },
      {
        projectId: "2",
        organization: "20",
        permissions: ["pick", "read", "stock"],
      },
    ],
  );
});

Deno.test("permissionsOfGrants() asks for the mapping of each grant", () => {
  const grants = roleGrants([grant, { ...grant, resource_owner: "20" }]);
  const mappings: Record<string, ReturnType<typeof mappingOf>> = {
    "10": mappingOf({ viewer: "of-10" }),
    "20": mappingOf({ viewer: "of-20" }),
  };
  assert.deepEqual(
    permissionsOfGrants(grants, {
      mappingOf: ({ resourceOwner }: RoleGrant) => mappings[resourceOwner]!,
      isKnownProject,
    }).map(({ permissions }) => permissions),
    [["of-10"], ["of-20"]],
  );
});

Deno.test("permissionsOfGrants() returns a grant without permissions when no role has an entry", () => {
  assert.deepEqual(
    permissionsOfGrants(roleGrants([grant]), {
      mappingOf: () => mappingOf({}),
      isKnownProject,
    }),
    [{ projectId: "1", organization: "10", permissions: [] }],
  );
});

Deno.test("permissionsOfGrants() keeps a project with a chosen id away from another project's entries", () => {
  const mapping = mappingOf({
    "400930456041688102:ops:admin": "delete:all",
    "ops:admin": "plain",
  });
  const grants = roleGrants([{
    ...grant,
    project_id: "400930456041688102:ops",
    roles: ["admin"],
  }, {
    ...grant,
    project_id: "7",
    roles: ["400930456041688102:ops:admin"],
  }]);
  assert.deepEqual(
    permissionsOfGrants(grants, { mappingOf: () => mapping, isKnownProject })
      .map(({ permissions }) => permissions),
    [[], []],
  );
});

/** What a role permits that grants these names, to a user with so many grants. */
function permissionsOfMany(names: readonly string[], grants: number) {
  const mapping = createRoleMapping(new Map([["viewer", names]]));
  return permissionsOfGrants(
    roleGrants(
      Array.from({ length: grants }, (_, index) => ({
        ...grant,
        project_id: String(index),
        roles: ["viewer", "unknown"],
      })),
    ),
    { mappingOf: () => mapping, isKnownProject },
  );
}

function isLargeClaim(error: unknown): boolean {
  return error instanceof FunctionError && error.code === "upstream_failed" &&
    error.details.reason === "large_claim" && Boolean(error.details.remedy);
}

Deno.test("permissionsOfGrants() shares a role's list between grants", () => {
  const names = ["read", "write"];
  const granted = permissionsOfMany(names, 3);
  assert.equal(granted.length, 3);
  for (const { permissions } of granted) assert.equal(permissions, names);
});

Deno.test("permissionsOfGrants() refuses more permissions than any token carries", () => {
  const names = Array.from(
    { length: MAX_GRANTED_PERMISSIONS / 50 },
    (_, index) => `p${index}`,
  );
  assert.equal(permissionsOfMany(names, 50).length, 50);
  assert.throws(() => permissionsOfMany(names, 51), isLargeClaim);
});

Deno.test("permissionsOfGrants() refuses longer permissions than any token carries", () => {
  const names = ["x".repeat(MAX_GRANTED_CHARACTERS / 100)];
  assert.equal(permissionsOfMany(names, 100).length, 100);
  assert.throws(() => permissionsOfMany(names, 101), isLargeClaim);
});

Deno.test("permissionsOfGrants() refuses too many permissions before it copies any", () => {
  let reads = 0;
  const names = new Proxy(Array.from({ length: 10_000 }, String), {
    get(target, key) {
      if (typeof key === "string" && /^\d/.test(key)) reads++;
      return Reflect.get(target, key);
    },
  });
  assert.throws(() => permissionsOfMany(names, 200), isLargeClaim);
  // Each is read once for the size of the mapping.
  const most = MAX_GRANTED_PERMISSIONS + names.length;
  assert.ok(reads <= most, `read ${reads} names`);
});

Deno.test("permissionsOfGrants() takes 1,000 permissions of 40 characters", () => {
  const names = Array.from(
    { length: 1_000 },
    (_, index) => String(index).padStart(40, "p"),
  );
  assert.deepEqual(permissionsOfMany(names, 1)[0]!.permissions, names);
});
