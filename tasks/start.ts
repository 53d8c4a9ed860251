import { ENV_FILE_OPTION, flag, option } from "../harness/cli/options.ts";
import { parseFile } from "../harness/cli/parse.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runStart } from "../harness/function/run_start.ts";

export const start = defineTask({
  name: "start",
  help: {
    summary:
      "Serves the function with no more permissions than its settings need.",
    examples: [
      ["deno task start"],
      ["deno task start --env-file production.env"],
      ["deno task start --entry dist/main.js", "what `deno task build` wrote"],
    ],
    details: [
      "Settings of the environment win over those of the env file. SIGINT and SIGTERM drain: accepted calls are answered, then the process ends.",
      "Deno cannot replace its own process. --print-command prints the command that a shell can execute in its place, as dist/entrypoint.sh does in the container. It holds names of variables and no setting's value.",
    ],
    environment: [
      ["ZITADEL_DOMAIN, ...", "the function's settings, listed in the README"],
    ],
    exit: { done: "ended by a signal", failed: "could not start, or crashed" },
  },
  options: {
    "env-file": ENV_FILE_OPTION,
    entry: option("FILE", "a bundle, instead of main.ts", parseFile),
    "print-command": flag("print the command for a shell, run nothing"),
  },
  run: runStart,
});

if (import.meta.main) await runTask(start);
