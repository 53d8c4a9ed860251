import assert from "node:assert/strict";
import { shapeAttribute, shapePermissions } from "../../../lib/claims/shape.ts";
import { PERMISSIONS_SHAPES } from "../../../lib/config/settings.ts";
import { testEach } from "../../_test_each.ts";

type Shape = typeof PERMISSIONS_SHAPES[number];

/** Grants of two projects, one of them given by two organizations. */
const GRANTED = [
  { projectId: "1", organization: "10", permissions: ["read", "write"] },
  { projectId: "2", organization: "10", permissions: ["pick"] },
  { projectId: "1", organization: "20", permissions: ["read", "audit"] },
  { projectId: "3", organization: "30", permissions: [] },
];
const [FIRST] = GRANTED as [typeof GRANTED[0]];

/** The claim in a shape: for all grants, for none, and for the first with an earlier value. */
interface Expected {
  readonly claim: unknown;
  readonly empty: unknown;
  readonly earlier: unknown;
  readonly merged: unknown;
  /** Earlier values that are replaced. */
  readonly others: unknown[];
  readonly attribute: string[];
  /** Of the first grant, with the earlier values `b` and `read`. */
  readonly mergedAttribute: string[];
}

const SHAPES: Record<Shape, Expected> = {
  list: {
    claim: ["read", "write", "pick", "audit"],
    empty: [],
    earlier: ["b", "read"],
    merged: ["b", "read", "write"],
    others: ["b", ["b", 1], { "1": ["b"] }, null, 7, true],
    attribute: ["read", "write", "pick", "audit"],
    mergedAttribute: ["b", "read", "write"],
  },
  string: {
    claim: "read write pick audit",
    empty: "",
    earlier: " b  read ",
    merged: "b read write",
    others: [["b"], { "1": ["b"] }, null, 7, false],
    attribute: ["read write pick audit"],
    mergedAttribute: ["b read write"],
  },
  by_project: {
    claim: { "1": ["read", "write", "audit"], "2": ["pick"] },
    empty: {},
    earlier: { "1": ["b", "read"], "9": [] },
    merged: { "1": ["b", "read", "write"], "9": [] },
    others: [["b"], "b", { "1": "b" }, { "1": [1] }, null, 7],
    attribute: ["1:read", "1:write", "2:pick", "1:audit"],
    mergedAttribute: ["b", "read", "1:read", "1:write"],
  },
  by_organization: {
    claim: {
      "10": { "1": ["read", "write"], "2": ["pick"] },
      "20": { "1": ["read", "audit"] },
    },
    empty: {},
    earlier: { "10": { "1": ["b"] }, "90": { "9": ["c"] } },
    merged: { "10": { "1": ["b", "read", "write"] }, "90": { "9": ["c"] } },
    others: [["b"], "b", { "1": ["b"] }, { "1": { "2": [null] } }, 7],
    attribute: [
      ...["10:1:read", "10:1:write", "10:2:pick"],
      ...["20:1:read", "20:1:audit"],
    ],
    mergedAttribute: ["b", "read", "10:1:read", "10:1:write"],
  },
};

testEach(
  "shapePermissions() builds each shape, and merges an earlier value of it",
  SHAPES,
  (expected, name) => {
    const shape = name as Shape;
    const kept = { omitted: 0, replaced: false };
    const all = shapePermissions(shape, GRANTED);
    assert.deepEqual(all, { value: expected.claim, ...kept });
    const none = shapePermissions(shape, GRANTED.slice(3));
    assert.deepEqual(none, { value: expected.empty, ...kept });
    const merged = shapePermissions(shape, [FIRST], [expected.earlier]);
    assert.deepEqual(merged, { value: expected.merged, ...kept });
    for (const earlier of expected.others) {
      const replaced = shapePermissions(shape, GRANTED, [earlier]);
      assert.deepEqual(replaced, { ...all, replaced: true });
    }
  },
);

testEach(
  "shapeAttribute() writes ids before the permissions, since SAML carries strings only, and merges earlier values",
  SHAPES,
  ({ attribute, mergedAttribute }, name) => {
    const shape = name as Shape;
    assert.deepEqual(shapeAttribute(shape, GRANTED).value, attribute);
    const merged = shapeAttribute(shape, [FIRST], ["b", "read"]);
    assert.deepEqual(merged.value, mergedAttribute);
    assert.deepEqual(shapeAttribute(shape, []).value, []);
  },
);

Deno.test("shapePermissions() treats __proto__ as an ordinary id", () => {
  const id = "__proto__";
  const granted = [{ projectId: id, organization: id, permissions: ["a"] }];
  const json = (shape: Shape, earlier: unknown[] = []) =>
    JSON.stringify(shapePermissions(shape, granted, earlier).value);
  assert.equal(json("by_project"), '{"__proto__":["a"]}');
  const nested = '{"__proto__":{"__proto__":["a"]}}';
  assert.equal(json("by_organization"), nested);
  const earlier = JSON.parse('{"__proto__":["b"]}');
  assert.equal(json("by_project", [earlier]), '{"__proto__":["b","a"]}');
});

Deno.test("shapePermissions() leaves names with white space out of a string, and counts them", () => {
  const permissions = ["viewer", "viewer admin", "a\tb", "a\u00a0b", "editor"];
  const granted = [{ ...FIRST, permissions }];
  const shaped = shapePermissions("string", granted);
  assert.deepEqual([shaped.value, shaped.omitted], ["viewer editor", 3]);
  assert.deepEqual(shapePermissions("list", granted).value, permissions);
});

Deno.test("shapeAttribute() leaves out ids with a colon, and counts their permissions", () => {
  const granted = [
    { projectId: "1", organization: "10", permissions: ["a:b"] },
    { projectId: "1:ops", organization: "10", permissions: ["c", "d"] },
    { projectId: "2", organization: "1:0", permissions: ["e"] },
  ];
  const shaped = (shape: Shape) => {
    const { value, omitted } = shapeAttribute(shape, granted);
    return { value, omitted };
  };
  assert.deepEqual(shaped("by_project"), {
    value: ["1:a:b", "2:e"],
    omitted: 2,
  });
  assert.deepEqual(shaped("by_organization"), {
    value: ["10:1:a:b"],
    omitted: 3,
  });
});

Deno.test("shapePermissions() adds each name once, however many organizations grant the project", () => {
  const granted = Array.from({ length: 100 }, (_, index) => ({
    projectId: "1",
    organization: String(index),
    permissions: Array.from({ length: 10 }, (_, name) => `${index}.${name}`),
  }));
  const { add } = Set.prototype;
  for (const shape of PERMISSIONS_SHAPES) {
    let additions = 0;
    Set.prototype.add = function (value) {
      additions++;
      return add.call(this, value);
    };
    try {
      shapePermissions(shape, granted);
    } finally {
      Set.prototype.add = add;
    }
    assert.ok(additions <= 2 * 1_000, `${shape}: ${additions} additions`);
  }
});
