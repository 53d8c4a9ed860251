import assert from "node:assert/strict";
import { readPermissions } from "../../../harness/inspector/page/read_permissions.js";

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
