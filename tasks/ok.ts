import { flag } from "../harness/cli/options.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runGates } from "../harness/ok/run_gates.ts";

export const ok = defineTask({
  name: "ok",
  help: {
    summary:
      "Checks everything that a change must pass: format, lint, types, tests.",
    examples: [
      ["deno task ok"],
      ["deno task ok --fix", "repair format and lint first"],
    ],
    details: ["Stops at the first check that fails."],
    exit: { done: "every check passes", failed: "a check fails" },
  },
  options: { fix: flag("fix the format, and what lint can fix, first") },
  run: runGates,
});

if (import.meta.main) await runTask(ok);
