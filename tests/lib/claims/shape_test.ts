import assert from "node:assert/strict";
import { shapeAttribute, shapePermissions } from "../../../lib/claims/shape.ts";
import { PERMISSIONS_SHAPES } from "../../../lib/config/settings.ts";

/** Grants of two projects, one of them given by two organizations. */
const GRANTED = [
  { projectId: "1", organization: "10", permissions: ["read", "write"] },
  { projectId: "2", organization: "10", permissions: ["pick"] },
  { projectId: "1", organization: "20", permissions: ["read", "audit"] },
  { projectId: "3", organization: "30", permissions: [] },
];

Deno.test("shapePermissions() builds each shape", () => {
  const values = PERMISSIONS_SHAPES.map((shape) =>
    shapePermissions(shape, GRANTED)
  );
  assert.deepEqual(values.map(({ value }) => value), [
    ["read", "write", "pick", "audit"],
    "read write pick audit",
    { "1": ["read", "write", "audit"], "2": ["pick"] },
    {
      "10": { "1": ["read", "write"], "2": ["pick"] },
      "20": { "1": ["read", "audit"] },
    },
  ]);
  for (const { omitted, replaced } of values) {
    assert.equal(omitted, 0);
    assert.equal(replaced, false);
  }
});

Deno.test("shapePermissions() builds an empty value when the roles map to nothing", () => {
  assert.deepEqual(
    PERMISSIONS_SHAPES.map((shape) =>
      shapePermissions(shape, GRANTED.slice(3)).value
    ),
    [[], "", {}, {}],
  );
});

Deno.test("shapePermissions() merges an earlier value of the same shape", () => {
  const earlier = {
    list: ["b", "read"],
    string: " b  read ",
    by_project: { "1": ["b", "read"], "9": [] },
    by_organization: { "10": { "1": ["b"] }, "90": { "9": ["c"] } },
  };
  const values = PERMISSIONS_SHAPES.map((shape) =>
    shapePermissions(shape, GRANTED.slice(0, 1), [earlier[shape]])
  );
  assert.deepEqual(values.map(({ value }) => value), [
    ["b", "read", "write"],
    "b read write",
    { "1": ["b", "read", "write"], "9": [] },
    { "10": { "1": ["b", "read", "write"] }, "90": { "9": ["c"] } },
  ]);
  assert.ok(values.every(({ replaced }) => !replaced));
});

Deno.test("shapePermissions() replaces an earlier value of another shape", async (t) => {
  const others: Record<string, unknown[]> = {
    list: ["b", ["b", 1], { "1": ["b"] }, null, 7, true],
    string: [["b"], { "1": ["b"] }, null, 7, false],
    by_project: [["b"], "b", { "1": "b" }, { "1": [1] }, null, 7],
    by_organization: [["b"], "b", { "1": ["b"] }, { "1": { "2": [null] } }, 7],
  };
  for (const shape of PERMISSIONS_SHAPES) {
    await t.step(shape, () => {
      const alone = shapePermissions(shape, GRANTED).value;
      for (const earlier of others[shape]!) {
        const { value, replaced } = shapePermissions(shape, GRANTED, [earlier]);
        assert.deepEqual(value, alone, JSON.stringify(earlier));
        assert.equal(replaced, true, JSON.stringify(earlier));
      }
    });
  }
});

Deno.test("shapePermissions() treats __proto__ as an ordinary id", () => {
  const granted = [{
    projectId: "__proto__",
    organization: "__proto__",
    permissions: ["a"],
  }];
  assert.equal(
    JSON.stringify(shapePermissions("by_project", granted).value),
    '{"__proto__":["a"]}',
  );
  assert.equal(
    JSON.stringify(shapePermissions("by_organization", granted).value),
    '{"__proto__":{"__proto__":["a"]}}',
  );
  const earlier = JSON.parse('{"__proto__":["b"]}');
  assert.equal(
    JSON.stringify(shapePermissions("by_project", granted, [earlier]).value),
    '{"__proto__":["b","a"]}',
  );
});

Deno.test("shapePermissions() leaves names with white space out of a string, and counts them", () => {
  const permissions = ["viewer", "viewer admin", "a\tb", "a\u00a0b", "editor"];
  const granted = [{ projectId: "1", organization: "10", permissions }];
  assert.deepEqual(shapePermissions("string", granted), {
    value: "viewer editor",
    omitted: 3,
    replaced: false,
  });
  assert.deepEqual(shapePermissions("list", granted).value, permissions);
});

Deno.test("shapeAttribute() writes ids before the permissions, since SAML carries strings only", () => {
  assert.deepEqual(
    PERMISSIONS_SHAPES.map((shape) => shapeAttribute(shape, GRANTED).value),
    [
      ["read", "write", "pick", "audit"],
      ["read write pick audit"],
      ["1:read", "1:write", "2:pick", "1:audit"],
      ["10:1:read", "10:1:write", "10:2:pick", "20:1:read", "20:1:audit"],
    ],
  );
});

Deno.test("shapeAttribute() leaves out ids with a colon, and counts their permissions", () => {
  const granted = [
    { projectId: "1", organization: "10", permissions: ["a:b"] },
    { projectId: "1:ops", organization: "10", permissions: ["c", "d"] },
    { projectId: "2", organization: "1:0", permissions: ["e"] },
  ];
  assert.deepEqual(shapeAttribute("by_project", granted), {
    value: ["1:a:b", "2:e"],
    omitted: 2,
    replaced: false,
  });
  assert.deepEqual(shapeAttribute("by_organization", granted), {
    value: ["10:1:a:b"],
    omitted: 3,
    replaced: false,
  });
});

Deno.test("shapeAttribute() merges the values of an earlier target", () => {
  const granted = GRANTED.slice(0, 1);
  assert.deepEqual(
    PERMISSIONS_SHAPES.map((shape) =>
      shapeAttribute(shape, granted, ["b", "read"]).value
    ),
    [
      ["b", "read", "write"],
      ["b read write"],
      ["b", "read", "1:read", "1:write"],
      ["b", "read", "10:1:read", "10:1:write"],
    ],
  );
});

Deno.test("shapeAttribute() has no value in shape string when there are no names", () => {
  assert.deepEqual(shapeAttribute("string", []).value, []);
  assert.deepEqual(shapeAttribute("list", []).value, []);
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
