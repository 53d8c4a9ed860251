import assert from "node:assert/strict";
import {
  coveringTests,
  type MeasuredTest,
} from "../../../harness/mutate/covering_tests.ts";
import type { Mutant } from "../../../harness/mutate/mutant.ts";

function changeAt(line: number): Mutant {
  return {
    file: "lib/a/b.ts",
    line,
    column: 1,
    operator: "removal",
    start: 0,
    end: 0,
    replacement: "",
  };
}

function measured(
  file: string,
  ms: number,
  lines: readonly (readonly [number, number])[],
): MeasuredTest {
  return { file, ms, coverage: new Map([["lib/a/b.ts", new Map(lines)]]) };
}

const TESTS = [
  measured("tests/lib/slow_test.ts", 90, [[1, 1], [2, 1]]),
  measured("tests/lib/quick_test.ts", 10, [[1, 1], [2, 3]]),
  measured("tests/lib/a/b_more_test.ts", 50, [[1, 1], [2, 1], [5, 0]]),
  measured("tests/lib/a/b_test.ts", 40, [[1, 1], [2, 0], [5, 1]]),
];

function namesAt(line: number): string[] {
  return coveringTests(changeAt(line), TESTS).map(({ file }) => file);
}

Deno.test("coveringTests() lists tests that run the line: the file's own first, then the quick ones", () => {
  assert.deepEqual(namesAt(2), [
    "tests/lib/a/b_more_test.ts",
    "tests/lib/quick_test.ts",
    "tests/lib/slow_test.ts",
  ]);
});

Deno.test("coveringTests() takes the count of the line before if a line has none", () => {
  assert.deepEqual(namesAt(7), [
    "tests/lib/a/b_test.ts",
    "tests/lib/quick_test.ts",
    "tests/lib/slow_test.ts",
  ]);
  assert.deepEqual(namesAt(0), []);
});

Deno.test("coveringTests() lists nothing for a file that no test loads", () => {
  const mutant = { ...changeAt(1), file: "lib/c.ts" };
  assert.deepEqual(coveringTests(mutant, TESTS), []);
});
