import assert from "node:assert/strict";
import { LruMap } from "../../../lib/util/lru_map.ts";

const bounds = { maxEntries: 3, maxBytes: 100 };

function filled(...keys: string[]): LruMap<string> {
  const map = new LruMap<string>(bounds);
  for (const key of keys) map.set(key, `value of ${key}`, 10);
  return map;
}

/** Which of these keys there are; looking them up does not matter any more. */
function keysOf(map: LruMap<string>, keys = ["a", "b", "c", "d", "e"]) {
  return keys.filter((key) => map.get(key) !== undefined).join("");
}

Deno.test("LruMap.get() gives what was set, and undefined for the rest", () => {
  const map = filled("a");
  assert.equal(map.get("a"), "value of a");
  assert.equal(map.get("b"), undefined);
});

Deno.test("LruMap.set() forgets the least recently used when there are too many", () => {
  const map = filled("a", "b", "c", "d");
  assert.equal(map.size, 3);
  assert.equal(map.bytes, 30);
  assert.equal(keysOf(map), "bcd");
});

Deno.test("LruMap.set() takes a value without a size for one of no bytes", () => {
  const map = filled("a");
  map.set("b", "value of b");
  assert.equal(map.bytes, 10);
  map.delete("b");
  assert.equal(map.bytes, 10);
});

Deno.test("LruMap.get() counts as a use", () => {
  const map = filled("a", "b", "c");
  map.get("a");
  map.set("d", "value of d", 10);
  assert.equal(keysOf(map), "acd");
});

Deno.test("LruMap.set() counts as a use", () => {
  const map = filled("a", "b", "c");
  map.set("a", "again", 10);
  map.set("d", "value of d", 10);
  assert.equal(map.get("a"), "again");
  assert.equal(keysOf(map), "acd");
});

Deno.test("LruMap.set() forgets as many as the bytes ask for", () => {
  const map = filled("a", "b");
  map.set("c", "large", 85);
  assert.equal(map.bytes, 95);
  assert.equal(keysOf(map), "bc");
});

Deno.test("LruMap.set() keeps bytes at the bound, and forgets over it", () => {
  const map = filled("a");
  map.set("b", "to the bound", 90);
  assert.equal(keysOf(map), "ab");
  map.set("b", "over it", 91);
  assert.equal(keysOf(map), "b");
});

Deno.test("LruMap.set() keeps the newest even when it alone is too large", () => {
  const map = filled("a", "b");
  map.set("c", "too large", 1_000);
  assert.equal(keysOf(map), "c");
  assert.equal(map.bytes, 1_000);
  map.set("d", "small", 10);
  assert.equal(keysOf(map), "d");
});

Deno.test("LruMap.set() counts the bytes of a value once when it is replaced", () => {
  const map = filled("a");
  map.set("a", "longer", 25);
  assert.equal(map.size, 1);
  assert.equal(map.bytes, 25);
});

Deno.test("LruMap.delete() forgets one value and its bytes", () => {
  const map = filled("a", "b");
  map.delete("a");
  map.delete("unknown");
  assert.equal(map.size, 1);
  assert.equal(map.bytes, 10);
  assert.equal(map.get("a"), undefined);
});
