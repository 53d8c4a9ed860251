import { ENV_FILE_OPTION, flag, option } from "../harness/cli/options.ts";
import { numberFrom, parseFile } from "../harness/cli/parse.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runDev } from "../harness/dev/run_dev.ts";

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
  options: {
    world: option(
      "FILE",
      "what the sandbox holds (default harness/sandbox/world.json)",
      parseFile,
    ),
    "client-id": option("ID", "the application that the page suggests"),
    "create-app": option(
      "PROJECT",
      "create an application for the page in this project of a real instance, by id or name, and remove it at the end; needs ZITADEL_ADMIN_TOKEN",
    ),
    port: option(
      "PORT",
      "the page's port (default 9000)",
      numberFrom(1, 65_535),
    ),
    "no-function": flag("do not start the function: it runs elsewhere"),
    "env-file": ENV_FILE_OPTION,
  },
  run: runDev,
});

if (import.meta.main) await runTask(dev);
