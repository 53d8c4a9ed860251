import { JSON_OPTION } from "../harness/cli/options.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runDemo } from "../harness/demo/run_demo.ts";

export const demo = defineTask({
  name: "demo",
  help: {
    summary:
      "Shows the guide's five steps on this machine: a stand-in ZITADEL, the function, two logins, the access tokens with permissions, and an API that checks them.",
    examples: [
      ["deno task demo"],
      [
        "deno task demo --json",
        "the tokens, their claims and the API's answers",
      ],
    ],
    details: [
      "Needs no account, installs nothing, and removes everything that it created.",
    ],
    exit: { done: "done", failed: "a step failed" },
  },
  options: { json: JSON_OPTION },
  run: runDemo,
});

if (import.meta.main) await runTask(demo);
