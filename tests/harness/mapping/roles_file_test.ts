import assert from "node:assert/strict";
import { tempFolder } from "../../_temp_folder.ts";
import { testEach } from "../../_test_each.ts";
import {
  meansSame,
  readMappingFile,
} from "../../../harness/mapping/roles_file.ts";

Deno.test("readMappingFile() takes roles, and roles by project, after a byte order mark, too", async () => {
  await using folder = await tempFolder();
  const file = await folder.write(
    '\ufeff{"admin": ["a", "b"], "42": {"admin": ["c"]}, "none": []}',
  );
  const { mapping, projects } = await readMappingFile(file);
  assert.deepEqual(
    mapping,
    new Map([["42:admin", ["c"]], ["admin", ["a", "b"]], ["none", []]]),
  );
  assert.deepEqual(projects, new Set(["42"]));
});

Deno.test("readMappingFile() names every entry that is wrong", async () => {
  await using folder = await tempFolder();
  const file = await folder.write('{"a": "x", "4": {"c": null}, "ok": []}');
  await assert.rejects(readMappingFile(file), {
    message: [
      `Cannot read ${file}; nothing was written`,
      "  a: is not an array of strings",
      "  4.c: is not an array of strings",
    ].join("\n"),
  });
});

testEach(
  "readMappingFile() names a file that it cannot read, and what is expected",
  {
    "is empty": "",
    "is not JSON": "admin: read",
    "is UTF-16": new Uint8Array([0xff, 0xfe, 0x7b, 0]),
    "is not UTF-8": new Uint8Array([0x22, 0xff, 0x22]),
  },
  async (content, what) => {
    await using folder = await tempFolder();
    const file = await folder.write(content);
    await assert.rejects(readMappingFile(file), ({ message }: Error) => {
      assert.ok(message.includes(file) && message.includes(what), message);
      return true;
    });
  },
);

Deno.test("meansSame() compares what is meant, not how it is written", () => {
  const same = (text: string) =>
    meansSame(new TextEncoder().encode(text), ["a", "b"]);
  assert.ok(same('["a","b"]'));
  assert.ok(same('[ "a", "b", "a" ]'));
  assert.ok(same("a, b"));
  assert.ok(!same('["b","a"]'));
  assert.ok(!same("[broken"));
});
