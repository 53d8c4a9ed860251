import assert from "node:assert/strict";
import { LruMap } from "../../../lib/util/lru_map.ts";

function filled(...keys: string[]): LruMap<string> {
  const map = new LruMap<string>(3, 100);
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
  assert.equal(keysOf(map), "bcd");
});

Deno.test("LruMap.set() takes a value without a size for one of no bytes", () => {
  const map = filled("a");
  map.set("b", "value of b");
  map.set("c", "to the bound", 90);
  assert.equal(keysOf(map), "abc");
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
  map.set("d", "small", 10);
  assert.equal(keysOf(map), "d");
});

Deno.test("LruMap.set() counts the bytes of a value once when it is replaced", () => {
  const map = filled("a");
  map.set("a", "longer", 25);
  map.set("b", "to the bound", 75);
  assert.equal(keysOf(map), "ab");
});

Deno.test("LruMap.delete() forgets one value and its bytes", () => {
  const map = filled("a", "b");
  map.delete("a");
  map.delete("unknown");
  map.set("c", "to the bound", 90);
  assert.equal(keysOf(map), "bc");
});
