import assert from "node:assert/strict";
import { LruMap } from "../../../lib/util/lru_map.ts";
import { testEach } from "../../_test_each.ts";

/** A map of three values at most, and of 100 bytes. */
function filled(keys: string): LruMap<string> {
  const map = new LruMap<string>(3, 100);
  for (const key of keys) map.set(key, `value of ${key}`, 10);
  return map;
}

testEach<[keys: string, use: (map: LruMap<string>) => unknown, kept: string]>(
  "LruMap forgets the least recently used when there are too many, or too many bytes",
  {
    "set() of a fourth": ["abc", (it) => it.set("d", "", 10), "bcd"],
    "get() counts as a use": ["abc", (map) => {
      map.get("a");
      map.set("d", "", 10);
    }, "acd"],
    "set() counts as a use": ["abc", (map) => {
      map.set("a", "again", 10);
      map.set("d", "", 10);
    }, "acd"],
    "set() without a size is one of no bytes": ["a", (map) => {
      map.set("b", "");
      map.set("c", "to the bound", 90);
    }, "abc"],
    "as many as the bytes ask for": ["ab", (it) => it.set("c", "", 85), "bc"],
    "none at the bound": ["a", (it) => it.set("b", "", 90), "ab"],
    "one over the bound": ["a", (it) => it.set("b", "", 91), "b"],
    "not the newest, even when it alone is too large": [
      "ab",
      (map) => map.set("c", "", 1_000),
      "c",
    ],
    "a value that was too large": ["ab", (map) => {
      map.set("c", "", 1_000);
      map.set("d", "", 10);
    }, "d"],
    "the bytes of a value once when it is replaced": ["a", (map) => {
      map.set("a", "longer", 25);
      map.set("b", "to the bound", 75);
    }, "ab"],
    "the bytes of a value that is deleted": ["ab", (map) => {
      map.delete("a");
      map.delete("unknown");
      map.set("c", "to the bound", 90);
    }, "bc"],
  },
  ([keys, use, kept]) => {
    const map = filled(keys);
    use(map);
    const found = [..."abcd"].filter((key) => map.get(key) !== undefined);
    assert.equal(found.join(""), kept);
  },
);

Deno.test("LruMap.get() gives what was set last", () => {
  const map = filled("ab");
  map.set("a", "again", 10);
  assert.equal(map.get("a"), "again");
  assert.equal(map.get("b"), "value of b");
});
