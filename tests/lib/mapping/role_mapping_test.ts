import assert from "node:assert/strict";
import {
  parsePermissions,
  parseRoleMapping,
  permissionsOf,
} from "../../../lib/mapping/role_mapping.ts";
import { mappingOf } from "./_mapping.ts";

const encoder = new TextEncoder();

function parse(text: string): readonly string[] | string {
  return parsePermissions(encoder.encode(text));
}

function base64(text: string): string {
  return encoder.encode(text).toBase64();
}

Deno.test("parsePermissions() reads each form", async (t) => {
  const forms: Record<string, [string, string[]]> = {
    "a JSON array": ['["posts:read","posts:write"]', [
      "posts:read",
      "posts:write",
    ]],
    "an empty JSON array": ["[]", []],
    "a JSON array with white space": [' [ "a" ,\n"b" ] \n', ["a", "b"]],
    "a JSON array with names of any form": ['["a b","\\u00e9","c,d"]', [
      "a b",
      "é",
      "c,d",
    ]],
    "a JSON string": ['"posts:read"', ["posts:read"]],
    "a JSON string with a comma": ['"a,b"', ["a,b"]],
    "base64 of a JSON array": [base64('["é","b"]'), ["é", "b"]],
    "base64 of an empty JSON array": [base64("[]"), []],
    "one plain name": ["posts:read", ["posts:read"]],
    "plain names": ["posts:read, posts:write ,é", [
      "posts:read",
      "posts:write",
      "é",
    ]],
    "plain names with empty ones between": [",a,,b,", ["a", "b"]],
    "a plain name that looks like base64": ["read", ["read"]],
    "a byte order mark before an array": ['\ufeff["a"]', ["a"]],
  };
  for (const [name, [text, expected]] of Object.entries(forms)) {
    await t.step(name, () => assert.deepEqual(parse(text), expected));
  }
});

Deno.test("parsePermissions() gives each permission once, in order", () => {
  assert.deepEqual(parse('["b","a","b"]'), ["b", "a"]);
  assert.deepEqual(parse("b,a,b"), ["b", "a"]);
  assert.deepEqual(parse(base64('["b","a","b"]')), ["b", "a"]);
});

Deno.test("parsePermissions() says what is wrong when no form fits", async (t) => {
  const wrong: Record<string, [string, RegExp]> = {
    "nothing": ["", /empty/],
    "more than any token takes": ["x".repeat(100_001), /longer/],
    "white space": [" \n", /empty/],
    "a number in an array": ['["a",1]', /not a string/],
    "a nested array": ['[["a"]]', /not a string/],
    "null in an array": ['["a",null]', /not a string/],
    "an object": ['{"a":["b"]}', /JSON \(object\)/],
    "a number": ["12", /JSON \(number\)/],
    "a truth": ["true", /JSON \(boolean\)/],
    "null": ["null", /JSON \(null\)/],
    "base64 of an array with a number": [base64('["a",1]'), /base64/],
    "base64 of a broken array": [base64('["a","b"'), /base64/],
    "base64 of an object": [base64('{"a":["b"]}'), /base64/],
    "a broken array": ['["a","b"', /neither/],
    "an array with a comma too many": ['["a",]', /neither/],
    "an array in single quotes": ["['a']", /neither/],
    "names with spaces": ["read posts, write posts", /neither/],
    "quoted names": ['"a","b"', /neither/],
    "names in brackets": ["[a,b]", /neither/],
    "a name in angle brackets": ["<script>", /neither/],
    "a control character": ["a\u0000b", /neither/],
    "commas alone": [",,", /neither/],
  };
  for (const [name, [text, problem]] of Object.entries(wrong)) {
    await t.step(name, () => {
      const parsed = parse(text);
      assert.equal(typeof parsed, "string", JSON.stringify(parsed));
      assert.match(String(parsed), problem);
    });
  }
});

Deno.test("parsePermissions() does not quote the value when it is wrong", () => {
  for (const text of ['["canary",1]', "canary canary", '{"canary":1}']) {
    assert.doesNotMatch(String(parse(text)), /canary/);
  }
});

Deno.test("parsePermissions() refuses bytes that are not UTF-8", () => {
  assert.match(String(parsePermissions(Uint8Array.of(0x61, 0xff))), /UTF-8/);
});

Deno.test("parseRoleMapping() keeps what is right beside what is wrong", () => {
  const { permissions, problems } = mappingOf({
    viewer: '["read"]',
    broken: '["read"',
    editor: "read,write",
    constructor: "a",
    ["__proto__"]: "b",
  });
  assert.deepEqual(permissions.get("viewer"), ["read"]);
  assert.deepEqual(permissions.get("editor"), ["read", "write"]);
  assert.deepEqual(permissions.get("constructor"), ["a"]);
  assert.deepEqual(permissions.get("__proto__"), ["b"]);
  assert.deepEqual(permissions.get("broken"), []);
  assert.deepEqual(problems.map(({ key }) => key), ["broken"]);
});

Deno.test("parseRoleMapping() gives an empty mapping when there is no metadata", () => {
  const { permissions, problems } = parseRoleMapping([]);
  assert.equal(permissions.size, 0);
  assert.deepEqual(problems, []);
});

Deno.test("permissionsOf() prefers the project's own entry", () => {
  const mapping = mappingOf({ viewer: "a", "1:viewer": "b", "2:viewer": "[]" });
  assert.deepEqual(permissionsOf(mapping, "1", "viewer"), ["b"]);
  assert.deepEqual(permissionsOf(mapping, "2", "viewer"), []);
  assert.deepEqual(permissionsOf(mapping, "3", "viewer"), ["a"]);
});

Deno.test("permissionsOf() gives nothing when there is no entry", () => {
  const mapping = mappingOf({ viewer: "a" });
  for (const role of ["Viewer", "viewer ", "", "constructor", "__proto__"]) {
    assert.equal(permissionsOf(mapping, "1", role), undefined);
  }
});

Deno.test("permissionsOf() does not fall back to the plain role when the project's entry is broken", () => {
  const mapping = mappingOf({ viewer: "a", "1:viewer": '["b"' });
  assert.deepEqual(permissionsOf(mapping, "1", "viewer"), []);
});

Deno.test("permissionsOf() keeps a role named like another project's entry from its permissions", () => {
  const mapping = mappingOf({ "1:admin": "a", "x:admin": "b" });
  assert.equal(permissionsOf(mapping, "2", "1:admin"), undefined);
  assert.deepEqual(permissionsOf(mapping, "1", "admin"), ["a"]);
  assert.deepEqual(permissionsOf(mapping, "2", "x:admin"), ["b"]);
});
