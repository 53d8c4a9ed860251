import assert from "node:assert/strict";
import {
  MAX_VALUE_BYTES,
  MAX_VALUE_PERMISSIONS,
  parsePermissions,
} from "../../../lib/mapping/permission_value.ts";
import { ENCODED, READABLE, UNREADABLE } from "./_values.ts";

const encoder = new TextEncoder();

function parse(text: string): readonly string[] | undefined {
  return parsePermissions(encoder.encode(text));
}

function base64(text: string): string {
  return encoder.encode(text).toBase64();
}

Deno.test("parsePermissions() reads each form", async (t) => {
  for (const [name, [text, expected]] of Object.entries(READABLE)) {
    await t.step(name, () => assert.deepEqual(parse(text), expected));
  }
});

Deno.test("parsePermissions() returns each permission once, in order", () => {
  assert.deepEqual(parse('["b","a","b"]'), ["b", "a"]);
  assert.deepEqual(parse("b,a,b"), ["b", "a"]);
  assert.deepEqual(parse(base64('["b","a","b"]')), ["b", "a"]);
});

Deno.test("parsePermissions() returns undefined when no form fits", async (t) => {
  for (const [name, [text]] of Object.entries(UNREADABLE)) {
    await t.step(name, () => assert.equal(parse(text), undefined));
  }
});

Deno.test("parsePermissions() returns undefined for what is encoded once too often", async (t) => {
  for (const [name, [text]] of Object.entries(ENCODED)) {
    await t.step(name, () => assert.equal(parse(text), undefined));
  }
});

Deno.test("parsePermissions() takes base64url of names or of an array for what is encoded, and short words for names", () => {
  const url = (text: string) =>
    encoder.encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
  for (const text of ["käufe:ÿ?read", '["a?b?ÿÿ"]']) {
    assert.match(url(text), /[-_]/);
    assert.equal(parse(url(text)), undefined, text);
  }
  for (const word of ["read-all", "posts_read", "a-b_c", "edit"]) {
    assert.deepEqual(parse(word), [word]);
  }
});

Deno.test("parsePermissions() returns undefined for bytes that are not UTF-8", () => {
  const latin1 = Uint8Array.from('["käufe"]', (char) => char.charCodeAt(0));
  for (const bytes of [latin1, Uint8Array.of(0x61, 0x00, 0xff)]) {
    assert.equal(parsePermissions(bytes), undefined);
  }
});

Deno.test("parsePermissions() takes a value that was dropped for one that is too long", () => {
  assert.equal(parsePermissions(undefined), undefined);
  const longest = "x".repeat(MAX_VALUE_BYTES);
  assert.deepEqual(parse(longest), [longest]);
  assert.equal(parse(`${longest}x`), undefined);
});

/** Counts how often a text is unwrapped. */
function countUnwrapped(text: string): number {
  const { parse: parseJson } = JSON;
  const { fromBase64 } = Uint8Array;
  let unwrapped = 0;
  JSON.parse = (...args: Parameters<typeof parseJson>) => {
    unwrapped++;
    return parseJson(...args);
  };
  Uint8Array.fromBase64 = (...args: Parameters<typeof fromBase64>) => {
    unwrapped++;
    return fromBase64.apply(Uint8Array, args);
  };
  try {
    parse(text);
  } finally {
    JSON.parse = parseJson;
    Uint8Array.fromBase64 = fromBase64;
  }
  return unwrapped;
}

Deno.test("parsePermissions() unwraps a value three times at most", async (t) => {
  const wraps: Record<string, (text: string) => string> = {
    "base64": base64,
    "base64 without padding": (text) => base64(text).replace(/=+$/, ""),
    "a JSON string": (text) => JSON.stringify(text),
  };
  for (const [name, wrap] of Object.entries(wraps)) {
    await t.step(name, () => {
      for (const times of [3, 4, 8]) {
        let text = '["read:all"]';
        for (let wrapped = 0; wrapped < times; wrapped++) text = wrap(text);
        assert.equal(parse(text), undefined);
        // An array in base64 is looked for apart.
        assert.ok(countUnwrapped(text) <= 4, `${countUnwrapped(text)} times`);
      }
    });
  }
});

Deno.test("parsePermissions() refuses more permissions than a token carries, repetitions included", () => {
  const most = Array.from({ length: MAX_VALUE_PERMISSIONS }, () => "ab");
  const more = [...most, "ab"];
  assert.deepEqual(parse(most.join()), ["ab"]);
  assert.deepEqual(parse(JSON.stringify(most)), ["ab"]);
  for (
    const text of [
      more.join(),
      JSON.stringify(more),
      ",".repeat(MAX_VALUE_PERMISSIONS),
      base64(JSON.stringify(more)),
      base64(more.join()),
    ]
  ) {
    assert.equal(parse(text), undefined);
  }
});
