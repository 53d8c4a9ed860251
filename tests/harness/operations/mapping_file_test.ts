import assert from "node:assert/strict";
import {
  meansSame,
  parseMapping,
} from "../../../harness/operations/mapping_file.ts";

Deno.test("parseMapping() takes roles, and roles by project", () => {
  assert.deepEqual(
    parseMapping('{"admin": ["a", "b"], "42": {"admin": ["c"]}, "none": []}'),
    new Map([["42:admin", ["c"]], ["admin", ["a", "b"]], ["none", []]]),
  );
});

Deno.test("parseMapping() names every entry that is wrong", () => {
  assert.throws(
    () =>
      parseMapping('{"a": "x", "b": [1], "4": {"c": null}, "": [], "ok": []}'),
    (error) => {
      assert.ok(error instanceof TypeError);
      for (const key of ['"a"', '"b"', '"4:c"', '""']) {
        assert.ok(error.message.includes(key), key);
      }
      assert.ok(!error.message.includes("ok"));
      return true;
    },
  );
  assert.throws(() => parseMapping("[]"), /expected an object/);
});

Deno.test("meansSame() compares what is meant, not how it is written", () => {
  const same = (text: string) =>
    meansSame(new TextEncoder().encode(text), ["a", "b"]);
  assert.ok(same('["a","b"]'));
  assert.ok(same('[ "a", "b", "a" ]'));
  assert.ok(same("a, b"));
  assert.ok(!same('["b","a"]'));
  assert.ok(!same("[broken"));
});
