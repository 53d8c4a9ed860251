import assert from "node:assert/strict";
import {
  inTurn,
  quantile,
  summarize,
  summarizeDifference,
  summarizeRatio,
} from "../../../harness/bench/statistics.ts";

Deno.test("quantile() interpolates between the two values beside it", () => {
  assert.equal(quantile([10, 9, 100], 0.5), 10);
  assert.equal(quantile([4, 1, 3, 2], 0.5), 2.5);
  assert.equal(quantile([0, 100], 0.99), 99);
  assert.throws(() => quantile([], 0.5), RangeError);
});

Deno.test("summarize() returns the median and an interval that holds it in 95 of 100 cases", () => {
  const twelve = [11, 0, 10, 1, 9, 2, 8, 3, 7, 4, 6, 5];
  // By the binomial distribution, two of twelve may be left out on each side.
  assert.deepEqual(summarize(twelve), { median: 5.5, low: 2, high: 9 });
  assert.deepEqual(summarize([2, 1]), { median: 1.5, low: 1, high: 2 });
});

Deno.test("summarizeRatio() and summarizeDifference() compare round by round", () => {
  // The machine was four times as slow in the second round, for both.
  const ours = [90, 22.5, 90];
  const theirs = [100, 25, 100];
  const ratio = { median: 0.9, low: 0.9, high: 0.9 };
  assert.deepEqual(summarizeRatio(ours, theirs), ratio);
  assert.equal(summarizeDifference(ours, theirs).median, -10);
});

Deno.test("inTurn() starts with each item in turn, forwards and then backwards", () => {
  const orders = Array.from(
    { length: 7 },
    (_, round) => inTurn(["a", "b", "c"], round).join(""),
  );
  assert.deepEqual(orders, ["abc", "bca", "cab", "cba", "acb", "bac", "abc"]);
});
