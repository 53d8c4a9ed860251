import assert from "node:assert/strict";
import { formatRows, row } from "../../../harness/bench/table.ts";

Deno.test("formatRows() shows each figure with its interval, and whether its median reaches its target, the bound included", () => {
  const rounds = [0.7, 0.8, 0.9];
  const [, ratio, bound, calls, none, some] = formatRows([
    row("name", "x", rounds, { atLeast: 0.81 }),
    row("name", "x", rounds, { atLeast: 0.8 }),
    row("calls", "/s", [43_210.4, 43_210.6]),
    row("name", "", [0], { atMost: 0 }),
    row("name", "", [1], { atMost: 0 }),
  ]);
  assert.match(
    ratio!,
    /name +0\.80 +0\.70 - 0\.90 +x +at least 0\.81 +missed$/,
  );
  assert.match(bound!, /at least 0\.8 +reached$/);
  assert.match(calls!, /calls +43,211 +43,210 - 43,211 +\/s$/);
  assert.match(none!, /name +0 +at most 0 +reached$/);
  assert.match(some!, /at most 0 +missed$/);
});
