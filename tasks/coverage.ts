import { JSON_OPTION } from "../harness/cli/options.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runCoverage } from "../harness/coverage/run_coverage.ts";

export const coverage = defineTask({
  name: "coverage",
  help: {
    summary:
      "Runs the tests and reports which lines of code they run, folder by folder.",
    examples: [["deno task coverage"]],
    details: [
      "Code that runs only in a process that a test starts, such as main.ts, is not measured.",
    ],
    exit: {
      done: "the tests pass and run at least 99 % of the lines of lib/",
      failed: "they run less, or a test fails",
    },
  },
  options: { json: JSON_OPTION },
  run: runCoverage,
});

if (import.meta.main) await runTask(coverage);
