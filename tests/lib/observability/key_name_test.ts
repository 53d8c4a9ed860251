import assert from "node:assert/strict";
import { keyName } from "../../../lib/observability/key_name.ts";

Deno.test("keyName() gives a role's key as it is", async () => {
  for (
    const key of [
      "viewer",
      "400930456041688102:viewer",
      "x".repeat(64),
      "rédacteur 編集者",
    ]
  ) {
    assert.equal(await keyName(key), key);
  }
});

Deno.test("keyName() gives the hash of a key that may be personal", async () => {
  // printf %s jane.doe@example.com | sha256sum | cut -c1-8
  assert.equal(await keyName("jane.doe@example.com"), "sha256:86e0b9e5");
  assert.match(await keyName("x".repeat(65)), /^sha256:[0-9a-f]{8}$/);
});

Deno.test("keyName() gives the hash of a key that may forge a line", async () => {
  // printf 'a\u2028b' | sha256sum | cut -c1-8
  assert.equal(await keyName("a\u2028b"), "sha256:fe2d3b94");
  for (
    const character of [
      "\0",
      "\n",
      "\x1b",
      "\x7f",
      "\x85",
      "\x9b",
      "\u061c",
      "\u200f",
      "\u202e",
      "\u2029",
      "\u2066",
      "\ufeff",
      "\ud800",
    ]
  ) {
    assert.match(await keyName(`a${character}b`), /^sha256:[0-9a-f]{8}$/);
  }
});
