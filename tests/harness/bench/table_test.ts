import assert from "node:assert/strict";
import { formatRows, isReached, row } from "../../../harness/bench/table.ts";

Deno.test("isReached() judges the median by the target, its bound included", () => {
  const judge = (target: { atLeast?: number; atMost?: number }) =>
    isReached(row("", "x", [0.7, 0.8, 0.9], target));
  assert.equal(judge({}), undefined);
  assert.equal(judge({ atLeast: 0.8 }), true);
  assert.equal(judge({ atLeast: 0.81 }), false);
  assert.equal(judge({ atMost: 0.8 }), true);
  assert.equal(judge({ atMost: 0.79 }), false);
});

Deno.test("formatRows() shows each figure with its interval and its target", () => {
  const [, ratio, calls, none] = formatRows([
    row("name", "x", [0.7, 0.8, 0.9], { atLeast: 0.9 }),
    row("calls", "/s", [43_210.4, 43_210.6]),
    row("name", "", [0], { atMost: 0 }),
  ]);
  assert.match(ratio!, /name +0\.80 +0\.70 - 0\.90 +x +at least 0\.9 +missed$/);
  assert.match(calls!, /calls +43,211 +43,210 - 43,211 +\/s$/);
  assert.match(none!, /name +0 +at most 0 +reached$/);
});
