import assert from "node:assert/strict";
import {
  ATTRIBUTE_NAME_FORMAT,
  attributesReply,
  claimsReply,
  collectPermissions,
  type RoleGrant,
  roleGrants,
} from "../../../lib/claims/claims.ts";
import { mappingOf } from "../mapping/_mapping.ts";

const grant = {
  project_id: "1",
  resource_owner: "10",
  state: 1,
  roles: ["admin", "viewer"],
};

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

Deno.test("roleGrants() gives nothing when there are no grants", () => {
  assert.deepEqual(roleGrants(undefined), []);
  assert.deepEqual(roleGrants(null), []);
  assert.deepEqual(roleGrants([]), []);
});

Deno.test("collectPermissions() gives each permission once, in order of first appearance", () => {
  const grants = roleGrants([grant, {
    ...grant,
    project_id: "2",
    roles: ["viewer", "picker", "unknown"],
  }]);
  const one = mappingOf({
    viewer: "read,comment",
    admin: "write,read",
    "2:viewer": "pick,read",
    picker: "pick,stock",
  });
  assert.deepEqual(collectPermissions(grants, () => one), [
    "write",
    "read",
    "comment",
    "pick",
    "stock",
  ]);
});

Deno.test("collectPermissions() asks for the mapping of each grant", () => {
  const grants = roleGrants([grant, { ...grant, resource_owner: "20" }]);
  const mappings: Record<string, ReturnType<typeof mappingOf>> = {
    "10": mappingOf({ viewer: "of-10" }),
    "20": mappingOf({ viewer: "of-20" }),
  };
  assert.deepEqual(
    collectPermissions(
      grants,
      ({ resourceOwner }: RoleGrant) => mappings[resourceOwner]!,
    ),
    ["of-10", "of-20"],
  );
});

Deno.test("collectPermissions() gives nothing when no role has an entry", () => {
  assert.deepEqual(
    collectPermissions(roleGrants([grant]), () => mappingOf({})),
    [],
  );
});

Deno.test("claimsReply() holds our claim alone when no target came before", () => {
  const ours = { append_claims: [{ key: "permissions", value: ["a"] }] };
  for (const earlier of [undefined, null, []]) {
    assert.deepEqual(claimsReply("permissions", ["a"], earlier), ours);
  }
});

Deno.test("claimsReply() holds an empty array when the roles map to nothing", () => {
  assert.deepEqual(claimsReply("permissions", []), {
    append_claims: [{ key: "permissions", value: [] }],
  });
});

Deno.test("claimsReply() repeats the claims of earlier targets, of any type, before ours", () => {
  const earlier = [
    { key: "text", value: "a" },
    { key: "object", value: { a: [1] } },
    { key: "nothing", value: null },
    { key: "", value: 0 },
    { key: "__proto__", value: "b" },
  ];
  assert.deepEqual(claimsReply("permissions", ["a"], earlier).append_claims, [
    ...earlier,
    { key: "permissions", value: ["a"] },
  ]);
});

Deno.test("claimsReply() merges an array that is there under our name", () => {
  const earlier = [
    { key: "permissions", value: ["b", 1, "a"] },
    { key: "tenant", value: "acme" },
  ];
  assert.deepEqual(claimsReply("permissions", ["a", "c"], earlier), {
    append_claims: [
      { key: "tenant", value: "acme" },
      { key: "permissions", value: ["b", 1, "a", "c"] },
    ],
  });
});

Deno.test("claimsReply() puts ours in place of what is no array under our name", () => {
  for (const value of ["b", { a: 1 }, null, 7]) {
    assert.deepEqual(
      claimsReply("permissions", ["a"], [{ key: "permissions", value }]),
      { append_claims: [{ key: "permissions", value: ["a"] }] },
    );
  }
});

Deno.test("claimsReply() leaves out what ZITADEL would drop or log into the token", () => {
  const earlier = [
    { key: "urn:zitadel:iam:org:id", value: "1" },
    { key: "tenant", value: "first" },
    { key: "tenant", value: "second" },
  ];
  assert.deepEqual(claimsReply("permissions", ["a"], earlier), {
    append_claims: [
      { key: "tenant", value: "first" },
      { key: "permissions", value: ["a"] },
    ],
  });
});

Deno.test("attributesReply() holds one attribute of many values", () => {
  const ours = {
    name: "permissions",
    name_format: ATTRIBUTE_NAME_FORMAT,
    value: ["a", "b"],
  };
  for (const earlier of [undefined, null, []]) {
    assert.deepEqual(attributesReply("permissions", ["a", "b"], earlier), {
      append_attribute: [ours],
    });
  }
});

Deno.test("attributesReply() repeats earlier attributes and merges ours", () => {
  const tenant = { name: "tenant", name_format: "x", value: ["acme"] };
  assert.deepEqual(
    attributesReply("permissions", ["a", "c"], [
      { name: "permissions", value: ["b", "a"] },
      tenant,
      { name: "permissions", value: null },
    ]),
    {
      append_attribute: [tenant, {
        name: "permissions",
        name_format: ATTRIBUTE_NAME_FORMAT,
        value: ["b", "a", "c"],
      }],
    },
  );
});

Deno.test("claimsReply() and attributesReply() leave what they are given as it was", () => {
  const permissions = Object.freeze(["a"]);
  const claims = Object.freeze([
    Object.freeze({ key: "permissions", value: Object.freeze(["b"]) }),
  ]);
  const attributes = Object.freeze([
    Object.freeze({ name: "permissions", value: ["b"] }),
  ]);
  claimsReply("permissions", permissions, claims);
  attributesReply("permissions", permissions, attributes);
  assert.deepEqual(attributes[0]!.value, ["b"]);
});
