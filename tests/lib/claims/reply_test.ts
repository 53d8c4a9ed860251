import assert from "node:assert/strict";
import {
  attributesReply,
  claimsReply,
  type Contents,
} from "../../../lib/claims/reply.ts";
import { testEach } from "../../_test_each.ts";

const name_format = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";

/** A claim of the permissions `a` and `c`; its roles are a second one if it has a name. */
function contents(changes: Partial<Contents> = {}): Contents {
  return {
    claim: "permissions",
    shape: "list",
    granted: [{
      projectId: "1",
      organization: "10",
      roles: ["viewer", "admin", "viewer"],
      permissions: ["a", "c"],
    }],
    ...changes,
  };
}

const GROUPS = { rolesClaim: "groups" };

type Claim = { key: string; value: unknown };

testEach<[changes: Partial<Contents>, earlier: Claim[], expected: Claim[]]>(
  "claimsReply() repeats the claims of earlier targets, then ours, merged with theirs",
  {
    "the role names under a second name, each once": [GROUPS, [], [
      { key: "permissions", value: ["a", "c"] },
      { key: "groups", value: ["viewer", "admin"] },
    ]],
    "the role names as a string beside a string": [
      { ...GROUPS, shape: "string" },
      [],
      [
        { key: "permissions", value: "a c" },
        { key: "groups", value: "viewer admin" },
      ],
    ],
    "the role names as a list beside projects": [
      { ...GROUPS, shape: "by_project" },
      [],
      [
        { key: "permissions", value: { "1": ["a", "c"] } },
        { key: "groups", value: ["viewer", "admin"] },
      ],
    ],
    "claims of any type": [{}, [
      { key: "text", value: "a" },
      { key: "object", value: { a: [1] } },
      { key: "nothing", value: null },
      { key: "", value: 0 },
      { key: "__proto__", value: "b" },
    ], [
      { key: "text", value: "a" },
      { key: "object", value: { a: [1] } },
      { key: "nothing", value: null },
      { key: "", value: 0 },
      { key: "__proto__", value: "b" },
      { key: "permissions", value: ["a", "c"] },
    ]],
    "earlier values under both of our names, in any spelling": [GROUPS, [
      { key: "GROUPS", value: ["staff"] },
      { key: "Permissions", value: ["b", "a"] },
      { key: "permi\u017f\u017fions", value: ["d"] },
      { key: "Tenant", value: "acme" },
      { key: "tenant", value: "b" },
    ], [
      { key: "Tenant", value: "acme" },
      { key: "tenant", value: "b" },
      { key: "permissions", value: ["b", "a", "d", "c"] },
      { key: "groups", value: ["staff", "viewer", "admin"] },
    ]],
    "not what ZITADEL would drop or log into the token": [{}, [
      { key: "urn:zitadel:iam:org:id", value: "1" },
      { key: "tenant", value: "first" },
      { key: "tenant", value: "second" },
    ], [
      { key: "tenant", value: "first" },
      { key: "permissions", value: ["a", "c"] },
    ]],
  },
  ([changes, earlier, append_claims]) => {
    const { body, added } = claimsReply(contents(changes), earlier);
    assert.deepEqual(body, { append_claims });
    for (const { omitted, replaced } of added) {
      assert.deepEqual([omitted, replaced], [0, false]);
    }
  },
);

testEach<[earlier: Claim[], value: string[]]>(
  "claimsReply() replaces earlier values of another shape, only those, and reports it",
  {
    "a text": [[{ key: "permissions", value: "b" }], ["a", "c"]],
    "an object": [[{ key: "permissions", value: { a: 1 } }], ["a", "c"]],
    "nothing": [[{ key: "permissions", value: null }], ["a", "c"]],
    "a mixed list": [[{ key: "permissions", value: ["b", 1] }], ["a", "c"]],
    "one of two": [[
      { key: "PERMISSIONS", value: "admin:all" },
      { key: "permissions", value: ["b"] },
    ], ["b", "a", "c"]],
  },
  ([earlier, value]) => {
    const { body, added } = claimsReply(contents(), earlier);
    assert.deepEqual(body, { append_claims: [{ key: "permissions", value }] });
    assert.equal(added[0]!.replaced, true);
  },
);

Deno.test("attributesReply() repeats earlier attributes and merges those that a consumer could take for ours", () => {
  const tenant = { name: "tenant", name_format: "x", value: ["acme"] };
  const { body } = attributesReply(contents(GROUPS), [
    { name: "Permissions", value: ["b", "a"] },
    tenant,
    { name: "permi\u017f\u017fions", value: null },
    { name: "Groups", value: ["staff"] },
  ]);
  const groups = ["staff", "viewer", "admin"];
  assert.deepEqual(body, {
    append_attribute: [
      tenant,
      { name: "permissions", name_format, value: ["b", "a", "c"] },
      { name: "groups", name_format, value: groups },
    ],
  });
});

Deno.test("claimsReply() and attributesReply() leave what they are given as it was", () => {
  const frozen = Object.freeze(["b"]) as readonly string[] as string[];
  const claims = [Object.freeze({ key: "permissions", value: frozen })];
  const attributes = [Object.freeze({ name: "permissions", value: frozen })];
  claimsReply(contents(), Object.freeze(claims));
  attributesReply(contents(), Object.freeze(attributes));
  assert.deepEqual(frozen, ["b"]);
});
