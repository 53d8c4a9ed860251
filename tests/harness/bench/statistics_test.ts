import assert from "node:assert/strict";
import { summarize, takeTurns } from "../../../harness/bench/statistics.ts";

Deno.test("summarize() returns the median and an interval that holds it in 95 of 100 cases", () => {
  const twelve = [11, 0, 10, 1, 9, 2, 8, 3, 7, 4, 6, 5];
  // By the binomial distribution, two of twelve may be left out on each side.
  assert.deepEqual(summarize(twelve), { median: 5.5, low: 2, high: 9 });
  assert.deepEqual(summarize([9, 1, 3]), { median: 3, low: 1, high: 9 });
});

Deno.test("takeTurns() starts with each way in turn, forwards and then backwards, and counts all rounds but the first", async () => {
  let order = "";
  const way = (name: string) => () =>
    Promise.resolve({ length: (order += name).length });
  const ways = { a: way("a"), b: way("b"), c: way("c") };
  const options = { what: "it", rounds: 6, progress: () => {} };
  const taken = await takeTurns(ways, options);
  assert.equal(order, "abcbcacabcbaacbbacabc");
  assert.deepEqual(taken.c.length, [5, 7, 10, 14, 18, 21]);
});
