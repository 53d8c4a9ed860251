import assert from "node:assert/strict";
import { readPermissions } from "../../../harness/inspector/page/read_permissions.js";

Deno.test("readPermissions() reads every shape, and no other value", () => {
  const names = [{ permission: "a" }, { permission: "b" }];
  assert.deepEqual(readPermissions(["a", "b"]), names);
  assert.deepEqual(readPermissions("a  b"), names);
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
  const scalars = [undefined, null, 1, true, ["a", 1]];
  const objects = [{ a: "b" }, { a: [1] }, { a: { b: { c: ["d"] } } }];
  for (const other of [...scalars, ...objects]) {
    assert.equal(readPermissions(other), undefined, JSON.stringify(other));
  }
});
