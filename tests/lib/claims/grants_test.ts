import assert from "node:assert/strict";
import {
  permissionsOfGrants,
  type RoleGrant,
  roleGrants,
} from "../../../lib/claims/grants.ts";
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
