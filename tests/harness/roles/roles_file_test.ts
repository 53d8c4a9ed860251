import assert from "node:assert/strict";
import {
  meansSame,
  readMappingFile,
} from "../../../harness/roles/roles_file.ts";

Deno.test("readMappingFile() takes roles, and roles by project", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(
    path,
    '{"admin": ["a", "b"], "42": {"admin": ["c"]}, "none": []}',
  );
  const { mapping, projects } = await readMappingFile(path);
  assert.deepEqual(
    mapping,
    new Map([["42:admin", ["c"]], ["admin", ["a", "b"]], ["none", []]]),
  );
  assert.deepEqual(projects, new Set(["42"]));
  await Deno.remove(path);
});

Deno.test("readMappingFile() names every entry that is wrong", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(
    path,
    '{"a": "x", "b": [1], "4": {"c": null}, "": [], "ok": []}',
  );
  await assert.rejects(readMappingFile(path), (error) => {
    assert.ok(error instanceof Error);
    assert.deepEqual(error.message.split("\n"), [
      `Cannot read ${path}; nothing was written`,
      "  a: is not an array of strings",
      "  b[0]: is not a string",
      "  4.c: is not an array of strings",
      '  "": is an empty role name',
    ]);
    return true;
  });
  await Deno.remove(path);
});

Deno.test("readMappingFile() names a file that it cannot read, and what is expected", async () => {
  const path = await Deno.makeTempFile();
  const refuses = (what: string) =>
    assert.rejects(readMappingFile(path), ({ message }: Error) => {
      assert.ok(message.includes(path), message);
      assert.ok(message.includes(what), message);
      return true;
    });
  await refuses("is empty");
  await Deno.writeTextFile(path, "admin: read");
  await refuses("is not JSON");
  await Deno.writeFile(path, new Uint8Array([0xff, 0xfe, 0x7b, 0]));
  await refuses("is UTF-16");
  await Deno.writeFile(path, new Uint8Array([0x22, 0xff, 0x22]));
  await refuses("is not UTF-8");
  await Deno.remove(path);
});

Deno.test("readMappingFile() reads a file with a byte order mark", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeTextFile(path, '\ufeff{"admin": ["a"]}');
  const { mapping } = await readMappingFile(path);
  assert.deepEqual(mapping, new Map([["admin", ["a"]]]));
  await Deno.remove(path);
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
