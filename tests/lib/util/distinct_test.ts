import assert from "node:assert/strict";
import { distinct } from "../../../lib/util/distinct.ts";

Deno.test("distinct() keeps the first of equal values, in their order", () => {
  assert.deepEqual(distinct([]), []);
  assert.deepEqual(distinct(["a"]), ["a"]);
  assert.deepEqual(distinct(["b", "a", "b", "a"]), ["b", "a"]);
});
