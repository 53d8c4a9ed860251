import assert from "node:assert/strict";
import { sample } from "../../../harness/mutate/sample.ts";

const ITEMS = Array.from({ length: 100 }, (_, index) => index);

Deno.test("sample() picks the same items for the same seed, and others for another", () => {
  const ten = sample(ITEMS, { count: 10, seed: 1 });
  assert.equal(new Set(ten).size, 10);
  assert.deepEqual(sample(ITEMS, { count: 10, seed: 1 }), ten);
  assert.notDeepEqual(sample(ITEMS, { count: 10, seed: 2 }), ten);
  assert.deepEqual(sample(ITEMS, { count: 20, seed: 1 }).slice(0, 10), ten);
});

Deno.test("sample() picks everything if there is no more", () => {
  const all = sample(ITEMS, { count: 1_000, seed: 1 });
  assert.deepEqual(all.sort((a, b) => a - b), ITEMS);
});
