import assert from "node:assert/strict";
import { inTurn, summarize } from "../../../harness/bench/statistics.ts";

Deno.test("summarize() returns the median and an interval that holds it in 95 of 100 cases", () => {
  const twelve = [11, 0, 10, 1, 9, 2, 8, 3, 7, 4, 6, 5];
  // By the binomial distribution, two of twelve may be left out on each side.
  assert.deepEqual(summarize(twelve), { median: 5.5, low: 2, high: 9 });
  assert.deepEqual(summarize([9, 1, 3]), { median: 3, low: 1, high: 9 });
});

Deno.test("inTurn() starts with each item in turn, forwards and then backwards", () => {
  const orders = Array.from(
    { length: 7 },
    (_, round) => inTurn(["a", "b", "c"], round).join(""),
  );
  assert.deepEqual(orders, ["abc", "bca", "cab", "cba", "acb", "bac", "abc"]);
});
