import assert from "node:assert/strict";
import { stripVTControlCharacters } from "node:util";
import { formatReport } from "../../../harness/mutate/format_report.ts";
import type { MutationResult, Tried } from "../../../harness/mutate/mutate.ts";
import { summarize } from "../../../harness/mutate/summarize.ts";

function tried(
  verdict: Tried["verdict"],
  count: number,
  more: Partial<Tried> = {},
): Tried[] {
  const mutant = {
    file: "lib/a.ts",
    line: 12,
    column: 5,
    operator: "comparison",
    start: 0,
    end: 1,
    replacement: "<=",
  } as const;
  const it = { mutant, verdict, before: ["a < b"], after: ["a <= b"] };
  return Array.from({ length: count }, () => ({
    ...it,
    tests: ["a_test.ts", "b_test.ts", "c_test.ts", "d_test.ts"],
    ...more,
  }));
}

function resultOf(
  tried: readonly Tried[],
  more: Partial<MutationResult> = {},
): MutationResult {
  return {
    possible: 1_000,
    sampled: tried.length,
    tried,
    broken: [],
    seconds: { measure: 10, mutants: 20 },
    ...more,
  };
}

Deno.test("summarize() fails over 5 % survivors and warns below", () => {
  const share = (survivors: number) =>
    summarize(
      resultOf([
        ...tried("killed", 100 - survivors),
        ...tried("survived", survivors),
      ]),
    );
  assert.equal(share(0).outcome, "done");
  assert.equal(share(5).outcome, "warnings");
  assert.equal(share(6).outcome, "failed");
  assert.equal(share(6).share, 0.06);
});

Deno.test("summarize() counts an uncovered line as a survivor, time-outs and types as noticed", () => {
  const { survivors, timeouts, types, killed, share } = summarize(resultOf([
    ...tried("uncovered", 1),
    ...tried("timeout", 2),
    ...tried("types", 3),
    ...tried("killed", 4),
  ]));
  assert.deepEqual(
    [survivors.length, timeouts, types, killed, share],
    [1, 2, 3, 4, 0.1],
  );
});

Deno.test("summarize() leaves explained survivors out of the share", () => {
  const { outcome, explained, share } = summarize(resultOf([
    ...tried("killed", 9),
    ...tried("survived", 1, { reason: "the same either way" }),
  ]));
  assert.deepEqual([outcome, explained.length, share], ["done", 1, 0]);
});

Deno.test("summarize() is not done if time ran out, a test is broken, or nothing was tried", () => {
  const all = tried("killed", 9);
  assert.equal(summarize(resultOf(all, { sampled: 10 })).outcome, "warnings");
  assert.equal(
    summarize(resultOf(all, { broken: ["a_test.ts"] })).outcome,
    "warnings",
  );
  assert.equal(summarize(resultOf([])).outcome, "failed");
});

Deno.test("formatReport() shows each survivor's place, change and tests", () => {
  const result = resultOf([
    ...tried("killed", 18),
    ...tried("survived", 1),
    ...tried("uncovered", 1),
  ], { sampled: 30, broken: ["e_test.ts"] });
  const report = formatReport(result, summarize(result)).join("\n");
  assert.equal(
    stripVTControlCharacters(report),
    `survived lib/a.ts:12:5 (comparison)
  - a < b
  + a <= b
  tests that ran: a_test.ts, b_test.ts, c_test.ts and 1 more

survived lib/a.ts:12:5 (comparison)
  - a < b
  + a <= b
  no test runs this line in its own process

These tests fail without a change and judged nothing:
  e_test.ts

  a test fails                    18
  a test no longer ends            0
  only the type checker notices    0
  survived, explained              0
  survived                         2

measured the tests in 10 s, tried 20 changes in 20 s
time ran out before 10 more; see --minutes
10.0 % survive, at most 5.0 % may`,
  );
});
