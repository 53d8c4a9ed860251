import assert from "node:assert/strict";
import { drawChart } from "../../../harness/bench/chart.ts";
import { NOTHING, REACHED } from "./_report.ts";

Deno.test("drawChart() draws a bar for each way of each measured panel", () => {
  const svg = drawChart(REACHED);
  const bars = [
    ...svg.matchAll(/<rect class="(ours|other)"[^>]* width="([\d.]+)"/g),
  ];
  assert.equal(bars.length, 4 + 3 + 3 + 3);
  assert.equal(
    bars.filter(([, kind]) => kind === "ours").length,
    2 + 2 + 3 + 1,
  );
  // The first logins: 20, 5 and 1 ms on one scale.
  const [first, second, warm] = bars.slice(7, 10).map(([, , width]) =>
    Number(width)
  );
  assert.ok(Math.abs(first! / second! - 4) < 0.01);
  assert.ok(Math.abs(second! / warm! - 5) < 0.05);
});

Deno.test("drawChart() stays within the drawing", () => {
  const svg = drawChart(REACHED);
  const width = Number(/ width="(\d+)"/.exec(svg)![1]);
  const height = Number(/ height="(\d+)"/.exec(svg)![1]);
  for (const [, x, y] of svg.matchAll(/ x="([\d.]+)" y="([\d.]+)"/g)) {
    assert.ok(Number(x) < width && Number(y) < height);
  }
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
});

Deno.test("drawChart() leaves out what was not measured", () => {
  assert.doesNotMatch(drawChart(NOTHING), /<rect/);
});
