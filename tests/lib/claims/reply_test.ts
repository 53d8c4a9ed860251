import assert from "node:assert/strict";
import {
  attributesReply,
  claimsReply,
  type Contents,
} from "../../../lib/claims/reply.ts";
import type { AppendedClaim } from "../../../lib/request/payload.ts";

const ATTRIBUTE_NAME_FORMAT =
  "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";

/** What a user with these permissions gets, in shape `list` unless changed. */
function contents(
  permissions: readonly string[],
  changes: Partial<Contents> = {},
): Contents {
  return {
    claim: "permissions",
    shape: "list",
    granted: [{
      projectId: "1",
      organization: "10",
      roles: ["viewer", "admin", "viewer"],
      permissions,
    }],
    ...changes,
  };
}

function claimsOf(
  contents: Contents,
  earlier?: readonly AppendedClaim[] | null,
): unknown {
  const { body } = claimsReply(contents, earlier);
  return (body as { append_claims: unknown }).append_claims;
}

Deno.test("claimsReply() holds our claim alone when no target came before", () => {
  for (const earlier of [undefined, null, []]) {
    const { body, added } = claimsReply(contents(["a"]), earlier);
    assert.deepEqual(body, {
      append_claims: [{ key: "permissions", value: ["a"] }],
    });
    assert.deepEqual(added, [
      { name: "permissions", value: ["a"], omitted: 0, replaced: false },
    ]);
  }
});

Deno.test("claimsReply() adds the role names under a second name, each once", () => {
  assert.deepEqual(claimsOf(contents(["a"], { rolesClaim: "groups" })), [
    { key: "permissions", value: ["a"] },
    { key: "groups", value: ["viewer", "admin"] },
  ]);
  assert.deepEqual(
    claimsOf(contents(["a"], { rolesClaim: "groups", shape: "string" })),
    [
      { key: "permissions", value: "a" },
      { key: "groups", value: "viewer admin" },
    ],
  );
  assert.deepEqual(
    claimsOf(contents(["a"], { rolesClaim: "groups", shape: "by_project" })),
    [
      { key: "permissions", value: { "1": ["a"] } },
      { key: "groups", value: ["viewer", "admin"] },
    ],
  );
});

Deno.test("claimsReply() repeats the claims of earlier targets, of any type, before ours", () => {
  const earlier = [
    { key: "text", value: "a" },
    { key: "object", value: { a: [1] } },
    { key: "nothing", value: null },
    { key: "", value: 0 },
    { key: "__proto__", value: "b" },
  ];
  assert.deepEqual(claimsOf(contents(["a"]), earlier), [
    ...earlier,
    { key: "permissions", value: ["a"] },
  ]);
});

Deno.test("claimsReply() merges earlier values under both of our names", () => {
  const earlier = [
    { key: "groups", value: ["staff"] },
    { key: "permissions", value: ["b", "a"] },
    { key: "tenant", value: "acme" },
  ];
  assert.deepEqual(
    claimsOf(contents(["a", "c"], { rolesClaim: "groups" }), earlier),
    [
      { key: "tenant", value: "acme" },
      { key: "permissions", value: ["b", "a", "c"] },
      { key: "groups", value: ["staff", "viewer", "admin"] },
    ],
  );
});

Deno.test("claimsReply() reports that it replaced a value of another shape", () => {
  for (const value of ["b", { a: 1 }, null, 7, ["b", 1]]) {
    const { body, added } = claimsReply(contents(["a"]), [
      { key: "permissions", value },
    ]);
    assert.deepEqual(body, {
      append_claims: [{ key: "permissions", value: ["a"] }],
    });
    assert.equal(added[0]!.replaced, true);
  }
});

Deno.test("claimsReply() leaves out what ZITADEL would drop or log into the token", () => {
  const earlier = [
    { key: "urn:zitadel:iam:org:id", value: "1" },
    { key: "tenant", value: "first" },
    { key: "tenant", value: "second" },
  ];
  assert.deepEqual(claimsOf(contents(["a"]), earlier), [
    { key: "tenant", value: "first" },
    { key: "permissions", value: ["a"] },
  ]);
});

Deno.test("attributesReply() holds one attribute of many values", () => {
  const ours = {
    name: "permissions",
    name_format: ATTRIBUTE_NAME_FORMAT,
    value: ["a", "b"],
  };
  for (const earlier of [undefined, null, []]) {
    assert.deepEqual(attributesReply(contents(["a", "b"]), earlier).body, {
      append_attribute: [ours],
    });
  }
});

Deno.test("attributesReply() repeats earlier attributes and merges ours", () => {
  const tenant = { name: "tenant", name_format: "x", value: ["acme"] };
  assert.deepEqual(
    attributesReply(contents(["a", "c"], { claim: "p", rolesClaim: "Roles" }), [
      { name: "p", value: ["b", "a"] },
      tenant,
      { name: "p", value: null },
      { name: "Roles", value: ["staff"] },
    ]).body,
    {
      append_attribute: [tenant, {
        name: "p",
        name_format: ATTRIBUTE_NAME_FORMAT,
        value: ["b", "a", "c"],
      }, {
        name: "Roles",
        name_format: ATTRIBUTE_NAME_FORMAT,
        value: ["staff", "viewer", "admin"],
      }],
    },
  );
});

Deno.test("claimsReply() and attributesReply() leave what they are given as it was", () => {
  const given = contents(Object.freeze(["a"]) as readonly string[]);
  const claims = Object.freeze([
    Object.freeze({ key: "permissions", value: Object.freeze(["b"]) }),
  ]);
  const attributes = Object.freeze([
    Object.freeze({ name: "permissions", value: ["b"] }),
  ]);
  claimsReply(given, claims);
  attributesReply(given, attributes);
  assert.deepEqual(attributes[0]!.value, ["b"]);
});

Deno.test("claimsReply() merges earlier claims that a consumer could take for ours, under our spelling", () => {
  const earlier = [
    { key: "Permissions", value: ["b"] },
    { key: "permi\u017f\u017fions", value: ["c"] },
    { key: "GROUPS", value: ["staff"] },
    { key: "Tenant", value: "a" },
    { key: "tenant", value: "b" },
  ];
  assert.deepEqual(
    claimsOf(contents(["a"], { rolesClaim: "groups" }), earlier),
    [
      { key: "Tenant", value: "a" },
      { key: "tenant", value: "b" },
      { key: "permissions", value: ["b", "c", "a"] },
      { key: "groups", value: ["staff", "viewer", "admin"] },
    ],
  );
});

Deno.test("claimsReply() replaces only those earlier values that have another shape", () => {
  const { body, added } = claimsReply(contents(["a"]), [
    { key: "PERMISSIONS", value: "admin:all" },
    { key: "permissions", value: ["b"] },
  ]);
  assert.deepEqual(body, {
    append_claims: [{ key: "permissions", value: ["b", "a"] }],
  });
  assert.equal(added[0]!.replaced, true);
});

Deno.test("attributesReply() merges earlier attributes that a consumer could take for ours", () => {
  assert.deepEqual(
    attributesReply(contents(["a"]), [
      { name: "Permissions", value: ["b"] },
      { name: "permi\u017f\u017fions", value: ["c"] },
    ]).body,
    {
      append_attribute: [{
        name: "permissions",
        name_format: ATTRIBUTE_NAME_FORMAT,
        value: ["b", "c", "a"],
      }],
    },
  );
});
