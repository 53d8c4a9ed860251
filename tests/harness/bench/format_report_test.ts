import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { formatReport } from "../../../harness/bench/format_report.ts";
import { rowsOf } from "../../../harness/bench/rows.ts";
import { figure, NOTHING, REACHED } from "./_report.ts";

function textOf(report: typeof NOTHING): string {
  return stripVTControlCharacters(
    formatReport(report, rowsOf(report)).join("\n"),
  );
}

Deno.test("formatReport() shows each figure with its spread and its target", () => {
  const text = textOf({
    ...NOTHING,
    firstLogin: { ...REACHED.firstLogin, differenceMs: figure(20) },
    crowd: REACHED.crowd,
  });
  assert.match(
    text,
    /second organization's +20\.0 +18\.0 - 22\.0 +ms +at most 15 +missed$/m,
  );
  assert.match(text, /look-ups +1 +exactly 1 +reached$/m);
  assert.doesNotMatch(text, /do not judge/);
});

Deno.test("formatReport() warns when the machine was busy or the rounds were short", () => {
  const busy = { ...NOTHING, machine: { ...NOTHING.machine, load: 2 } };
  assert.match(textOf(busy), /busy at the start \(load 2\.0\): do not judge/);
  assert.match(textOf({ ...NOTHING, quick: true }), /--quick.*do not judge/);
});

Deno.test("formatReport() names what could not be measured after what could", () => {
  const text = textOf({
    ...NOTHING,
    crowd: REACHED.crowd,
    failed: [{ name: "memory", message: "the server ended" }],
  });
  assert.match(
    text,
    /look-ups[^]+\nmemory could not be measured: the server ended$/,
  );
});
