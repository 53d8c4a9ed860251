import assert from "node:assert/strict";
import {
  MAX_VALUE_BYTES,
  MAX_VALUE_PERMISSIONS,
  parsePermissions,
} from "../../../lib/mapping/permission_value.ts";
import { testEach } from "../../_test_each.ts";
import { ENCODED, READABLE, UNREADABLE } from "./_values.ts";

const encoder = new TextEncoder();
const parse = (text: string) => parsePermissions(encoder.encode(text));
const base64 = (text: string) => encoder.encode(text).toBase64();
const base64url = (text: string) =>
  encoder.encode(text).toBase64({ alphabet: "base64url", omitPadding: true });

testEach("parsePermissions() reads each form", READABLE, ([text, expected]) => {
  assert.deepEqual(parse(text), expected);
});

testEach<string>(
  "parsePermissions() returns undefined when no form fits, or what fits is encoded once too often",
  {
    ...Object.fromEntries(
      Object.entries({ ...UNREADABLE, ...ENCODED })
        .map(([name, [text]]) => [name, text]),
    ),
    "base64url of names": base64url("käufe:ÿ?read"),
    "base64url of an array": base64url('["a?b?ÿÿ"]'),
  },
  (text) => assert.equal(parse(text), undefined),
);

Deno.test("parsePermissions() returns undefined for bytes that are not UTF-8, and for a value that was dropped", () => {
  const latin1 = Uint8Array.from('["käufe"]', (char) => char.charCodeAt(0));
  for (const bytes of [latin1, Uint8Array.of(0x61, 0x00, 0xff), undefined]) {
    assert.equal(parsePermissions(bytes), undefined);
  }
});

Deno.test("parsePermissions() returns each permission once, in order", () => {
  for (const text of ['["b","a","b"]', "b,a,b", base64('["b","a","b"]')]) {
    assert.deepEqual(parse(text), ["b", "a"]);
  }
});

Deno.test("parsePermissions() takes short words for names", () => {
  for (const word of ["read-all", "posts_read", "a-b_c", "edit"]) {
    assert.deepEqual(parse(word), [word]);
  }
});

Deno.test("parsePermissions() refuses a value that is too long", () => {
  const longest = "x".repeat(MAX_VALUE_BYTES);
  assert.deepEqual(parse(longest), [longest]);
  assert.equal(parse(`${longest}x`), undefined);
});

Deno.test("parsePermissions() refuses more permissions than a token carries, repetitions included", () => {
  const most = Array.from({ length: MAX_VALUE_PERMISSIONS }, () => "ab");
  assert.deepEqual(parse(most.join()), ["ab"]);
  assert.deepEqual(parse(JSON.stringify(most)), ["ab"]);
  const names = [...most, "ab"].join();
  const array = JSON.stringify([...most, "ab"]);
  const commas = ",".repeat(MAX_VALUE_PERMISSIONS);
  for (const text of [names, array, commas, base64(array), base64(names)]) {
    assert.equal(parse(text), undefined);
  }
});
