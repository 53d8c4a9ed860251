import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { formatRows, isReached, type Row } from "../../../harness/bench/row.ts";

const ROW: Row = {
  group: "Group",
  name: "name",
  unit: "x",
  median: 0.8,
  low: 0.7,
  high: 0.9,
};

Deno.test("isReached() judges the median by the target, its bound included", () => {
  assert.equal(isReached(ROW), undefined);
  assert.equal(isReached({ ...ROW, atLeast: 0.8 }), true);
  assert.equal(isReached({ ...ROW, atLeast: 0.81 }), false);
  assert.equal(isReached({ ...ROW, atMost: 0.8 }), true);
  assert.equal(isReached({ ...ROW, atMost: 0.79 }), false);
});

Deno.test("formatRows() shows each figure with its interval and its target under its group", () => {
  const rows: Row[] = [
    { ...ROW, atLeast: 0.9 },
    { ...ROW, name: "calls", unit: "/s", median: 43_210.4 },
    { ...ROW, group: "Other", unit: "", low: 0, high: 0, median: 0, atMost: 0 },
  ];
  const [, first, ratio, calls, second, none] = formatRows(rows)
    .map(stripVTControlCharacters);
  assert.equal(first, "Group");
  assert.match(
    ratio!,
    /^ {2}name +0\.80 +0\.70 - 0\.90 +x +at least 0\.9 +missed$/,
  );
  assert.match(calls!, /^ {2}calls +43,210 +1 - 1 +\/s$/);
  assert.equal(second, "Other");
  assert.match(none!, /^ {2}name +0 +at most 0 +reached$/);
});
