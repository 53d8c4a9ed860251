import assert from "node:assert/strict";
import { parseLcov } from "../../../harness/coverage/lcov.ts";
import { reportCoverage } from "../../../harness/coverage/run_coverage.ts";
import {
  formatLines,
  shareOf,
  tallyBelow,
  tallyFolders,
  uncoveredBelow,
} from "../../../harness/coverage/summarize_coverage.ts";
import { createTestIo } from "../_test_io.ts";

const REPORT = `SF:lib/b.ts
FN:1,f
FNDA:1,f
DA:1,1
DA:2,0
LH:1
LF:2
end_of_record
SF:lib/a/c.ts
DA:7,3
end_of_record
SF:main.ts
DA:1,0
end_of_record
SF:lib/b.ts
DA:2,4
DA:3,0
end_of_record
`;

const FILES = parseLcov(REPORT);

Deno.test("parseLcov() reads how often each line ran, and adds up what a file has twice", () => {
  assert.deepEqual([...FILES.keys()], ["lib/b.ts", "lib/a/c.ts", "main.ts"]);
  assert.deepEqual([...FILES.get("lib/b.ts")!], [[1, 1], [2, 4], [3, 0]]);
  assert.equal(parseLcov("").size, 0);
});

Deno.test("tallyFolders() adds up each folder's own files", () => {
  assert.deepEqual([...tallyFolders(FILES)], [
    [".", { found: 1, hit: 0 }],
    ["lib", { found: 3, hit: 2 }],
    ["lib/a", { found: 1, hit: 1 }],
  ]);
});

Deno.test("tallyBelow() and uncoveredBelow() look into every folder below", () => {
  const tally = tallyBelow(FILES, "lib");
  assert.deepEqual(tally, { found: 4, hit: 3 });
  assert.equal(shareOf(tally), 0.75);
  assert.equal(shareOf(tallyBelow(FILES, "docs")), 1);
  assert.deepEqual(uncoveredBelow(FILES, "lib"), [
    { file: "lib/b.ts", lines: [3] },
  ]);
});

Deno.test("formatLines() writes ranges", () => {
  assert.equal(formatLines([3, 7, 8, 9, 11]), "3, 7-9, 11");
});

/** A file below lib/ with 200 lines, some of which no test runs. */
function measurementOf(missed: number) {
  const lines = Array.from(
    { length: 200 },
    (_, index) => [index + 1, index < missed ? 0 : 1] as const,
  );
  return {
    files: new Map([["lib/a.ts", new Map(lines)]]),
    unloaded: [],
    testsPass: true,
  };
}

Deno.test("reportCoverage() fails below 99 % of lib/, and lists the lines", () => {
  const { io, printed } = createTestIo();
  assert.equal(reportCoverage(measurementOf(2), { json: false, io }), "done");
  assert.equal(reportCoverage(measurementOf(3), { json: false, io }), "failed");
  assert.match(printed(), /^ {2}lib +200 +98\.5 %$/m);
  assert.match(printed(), /^ {2}lib\/a\.ts:1-3$/m);
  assert.match(printed(), /^lib\/: 98\.5 % of the lines, at least 99\.0 %/m);
});

Deno.test("reportCoverage() fails if a test fails, or a file of lib/ is not loaded", () => {
  const { io } = createTestIo();
  const full = measurementOf(0);
  for (const bad of [{ testsPass: false }, { unloaded: ["lib/b.ts"] }]) {
    const outcome = reportCoverage({ ...full, ...bad }, { json: false, io });
    assert.equal(outcome, "failed");
  }
  const elsewhere = { ...full, unloaded: ["harness/b.ts"] };
  assert.equal(reportCoverage(elsewhere, { json: false, io }), "done");
});

Deno.test("reportCoverage() prints one JSON document for programs", () => {
  const { io, printed } = createTestIo();
  reportCoverage(measurementOf(3), { json: true, io });
  const { outcome, lib, folders } = JSON.parse(printed());
  assert.deepEqual({ outcome, lib, folders }, {
    outcome: "failed",
    lib: {
      share: 0.985,
      min: 0.99,
      uncovered: [{ file: "lib/a.ts", lines: [1, 2, 3] }],
    },
    folders: { lib: { found: 200, hit: 197 } },
  });
});
