import assert from "node:assert/strict";
import {
  meanWithin,
  median,
  medianRatio,
} from "../../../harness/bench/statistics.ts";

Deno.test("median() returns the middle, or the mean of the two in the middle", () => {
  assert.equal(median([10, 9, 100]), 10);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.throws(() => median([]), RangeError);
});

Deno.test("medianRatio() compares pair by pair", () => {
  // The machine was four times as slow in the second round, for both.
  assert.equal(medianRatio([90, 22.5, 90], [100, 25, 100]), 0.9);
  assert.throws(() => medianRatio([1], [1, 2]), RangeError);
});

Deno.test("meanWithin() takes the samples of a part, the end with the last", () => {
  const samples = [0, 0.1, 0.15, 0.2, 0.9, 1].map((at, value) => ({
    at,
    value,
  }));
  assert.equal(meanWithin(samples, [0.1, 0.2]), 1.5);
  assert.equal(meanWithin(samples, [0.9, 1]), 4.5);
  assert.throws(() => meanWithin(samples, [0.5, 0.6]), RangeError);
});
