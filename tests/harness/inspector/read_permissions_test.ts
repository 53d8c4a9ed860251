import assert from "node:assert/strict";
import {
  hasPermission,
  readPermissions,
} from "../../../harness/inspector/page/read_permissions.js";

Deno.test("readPermissions() reads every shape", () => {
  assert.deepEqual(readPermissions(["a", "b"]), [
    { permission: "a" },
    { permission: "b" },
  ]);
  assert.deepEqual(readPermissions("a  b"), [
    { permission: "a" },
    { permission: "b" },
  ]);
  const byProject = JSON.parse('{"7":["a"],"__proto__":["b"]}');
  assert.deepEqual(readPermissions(byProject), [
    { permission: "a", project: "7" },
    { permission: "b", project: "__proto__" },
  ]);
  assert.deepEqual(readPermissions({ "1": { "7": ["a"] }, "2": {} }), [
    { permission: "a", project: "7", organization: "1" },
  ]);
  for (const empty of [[], "", {}]) {
    assert.deepEqual(readPermissions(empty), []);
  }
});

Deno.test("readPermissions() returns undefined for any other value", () => {
  for (
    const value of [
      undefined,
      null,
      1,
      true,
      ["a", 1],
      { a: "b" },
      { a: 1 },
      { a: [1] },
      { a: { b: { c: ["d"] } } },
    ]
  ) {
    assert.equal(readPermissions(value), undefined, JSON.stringify(value));
  }
});

Deno.test("hasPermission() compares whole names, in one place", () => {
  assert.equal(hasPermission("posts:readonly", "posts:read"), false);
  assert.equal(hasPermission(["posts:read"], "posts:read"), true);
  const value = { "7": ["a"] };
  assert.equal(hasPermission(value, "a", { project: "7" }), true);
  assert.equal(hasPermission(value, "a", { project: "8" }), false);
  const nested = { "1": { "7": ["a"] } };
  const place = { project: "7", organization: "1" };
  assert.equal(hasPermission(nested, "a", place), true);
  assert.equal(
    hasPermission(nested, "a", { ...place, organization: "2" }),
    false,
  );
  assert.equal(hasPermission(undefined, "a"), false);
});
