import assert from "node:assert/strict";
import {
  meansSame,
  parseMapping,
  readMappingFile,
} from "../../../harness/roles/roles_file.ts";

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
      assert.ok(error instanceof Error);
      for (const key of ['"a"', '"b"', '"4:c"', '""']) {
        assert.ok(error.message.includes(key), key);
      }
      assert.ok(!error.message.includes("ok"));
      return true;
    },
  );
  assert.throws(() => parseMapping("[]"), /expected an object/);
});

Deno.test("readMappingFile() names a file that it cannot read, and what is expected", async () => {
  const path = await Deno.makeTempFile();
  const refuses = (what: string) =>
    assert.rejects(readMappingFile(path), ({ message }: Error) => {
      assert.ok(message.startsWith(`${path}: `), message);
      assert.ok(message.includes(what), message);
      assert.ok(message.includes('{"admin": ["read:all"]}'), message);
      return true;
    });
  await refuses("is empty");
  await Deno.writeTextFile(path, "admin: read");
  await refuses("is not JSON");
  await Deno.remove(path);
  await refuses("no such file");
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
