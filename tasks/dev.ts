import { defineTask, runTask } from "../harness/cli/task.ts";
import { DEV_OPTIONS, runDev } from "../harness/dev/run_dev.ts";

export const dev = defineTask({
  name: "dev",
  help: {
    summary:
      "Starts the function, restarted when one of its files changes, and the token inspector: a page to log in and read the token with its permissions.",
    examples: [
      ["deno task dev", "with the sandbox"],
      ["ZITADEL_DOMAIN=my.zitadel.cloud deno task dev", "with an instance"],
      ["deno task dev --no-function", "the page only"],
      ["deno task dev --create-app Shop", "log in to project Shop"],
    ],
    details: [
      "Without ZITADEL_DOMAIN, in the environment or the env file, it also starts a sandbox: a stand-in ZITADEL, set up for the function. With it, the function and the page use that instance, and the settings are the function's own. Ctrl-C stops everything.",
    ],
    environment: [["ZITADEL_DOMAIN, ...", "the function's settings"]],
    exit: { done: "stopped by Ctrl-C", failed: "could not start" },
  },
  options: DEV_OPTIONS,
  run: runDev,
});

if (import.meta.main) await runTask(dev);
