import { runBuild } from "../harness/build/run_build.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";

export const build = defineTask({
  name: "build",
  help: {
    summary: "Bundles the function into dist/, as production runs it.",
    examples: [
      ["deno task build"],
      ["deno task start --entry dist/main.js", "runs the bundle here"],
      ["dist/entrypoint.sh", "the same, with no process beside it"],
    ],
    details: [
      "dist/ is all that production needs beside Deno: main.js with the chunks that it loads when it needs them, source maps for stack traces, the licences of the packages in it, start.js, and entrypoint.sh, which becomes the function. The same commit gives the same bytes.",
    ],
    exit: {
      done: "written",
      failed: "a package cannot be installed, or a file cannot be bundled",
    },
  },
  options: {},
  run: runBuild,
});

if (import.meta.main) await runTask(build);
