import assert from "node:assert/strict";
import { inTurn } from "../../../harness/bench/rounds.ts";

Deno.test("inTurn() starts with each item in turn, forwards and then backwards", () => {
  const orders = Array.from(
    { length: 7 },
    (_, round) => inTurn(["a", "b", "c"], round).join(""),
  );
  assert.deepEqual(orders, ["abc", "bca", "cab", "cba", "acb", "bac", "abc"]);
});
