import { ENV_FILE_OPTION, option } from "../harness/cli/options.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runRecord } from "../harness/record/run_record.ts";

export const record = defineTask({
  name: "record",
  help: {
    summary: "Runs the function and keeps what ZITADEL sends as fixtures.",
    examples: [
      ["deno task record"],
      ["deno task --tunnel record", "a hosted ZITADEL reaches this machine"],
    ],
    details: [
      "Answers as the function does, so that logins keep working. Each call is kept once, as a fixture in which everything about people, ids too, is replaced by pseudonyms, with a signature of its own and only the metadata entries of the call's roles. Ctrl-C ends it.",
      "To have ZITADEL call it, run `deno task setup --endpoint URL` with its address.",
    ],
    environment: [["ZITADEL_DOMAIN, ...", "the function's settings"]],
    exit: { done: "stopped by Ctrl-C", failed: "could not start" },
  },
  options: {
    folder: option("DIR", "where the fixtures go", { default: "fixtures/own" }),
    "env-file": ENV_FILE_OPTION,
  },
  run: runRecord,
});

if (import.meta.main) await runTask(record);
