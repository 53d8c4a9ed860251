import assert from "node:assert/strict";
import {
  quantile,
  summarize,
  summarizeDifference,
  summarizeRatio,
  summarizeWithin,
} from "../../../harness/bench/statistics.ts";

Deno.test("quantile() interpolates between the two values beside it", () => {
  assert.equal(quantile([10, 9, 100], 0.5), 10);
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([0, 100], 0.99), 99);
  assert.equal(quantile([7], 0.99), 7);
  assert.throws(() => quantile([], 0.5), RangeError);
});

Deno.test("summarize() returns the median and the middle half", () => {
  assert.deepEqual(summarize([5, 1, 2, 4, 3]), { median: 3, low: 2, high: 4 });
});

Deno.test("summarizeRatio() and summarizeDifference() compare pair by pair", () => {
  // The machine was four times as slow in the second round, for both.
  const ours = [90, 22.5, 90];
  const theirs = [100, 25, 100];
  assert.deepEqual(summarizeRatio(ours, theirs), {
    median: 0.9,
    low: 0.9,
    high: 0.9,
  });
  assert.equal(summarizeDifference(ours, theirs).median, -10);
  assert.throws(() => summarizeRatio([1], [1, 2]), RangeError);
});

Deno.test("summarizeWithin() takes the samples of a part, the end with the last", () => {
  const samples = [0, 0.1, 0.15, 0.2, 0.9, 1].map((at, value) => ({
    at,
    value,
  }));
  assert.equal(summarizeWithin(samples, [0.1, 0.2]).median, 1.5);
  assert.equal(summarizeWithin(samples, [0.9, 1]).median, 4.5);
  assert.throws(() => summarizeWithin(samples, [0.5, 0.6]), RangeError);
});
