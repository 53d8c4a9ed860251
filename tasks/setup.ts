import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { SETUP_DETAILS, SETUP_OPTIONS } from "../harness/setup/command_line.ts";
import { runSetup } from "../harness/setup/run_setup.ts";

export const setup = defineTask({
  name: "setup",
  help: {
    summary:
      "Connects the function to a ZITADEL instance; a second run changes only what differs.",
    examples: [
      ["deno task setup --endpoint https://function.example.com/ --roles roles.json"],
      ["deno task setup --endpoint http://localhost:8000/ --service-user --start"],
      ["deno task setup --roles roles.json --prune", "the mapping only"],
      ["deno task setup --also events", "an existing target"],
      ["deno task setup --for-customers", "with customers on the instance"],
      ["deno task setup --no-interrupt-on-error", "if logins fail"],
      ["deno task setup --remove --roles roles.json", "undo all of it"],
    ],
    details: SETUP_DETAILS,
    environment: ADMIN_ENVIRONMENT,
    exit: {
      done: "done, or nothing to do",
      warnings:
        "declined by you, --dry-run found changes, no user gets a permission yet, or --remove left something that it names",
      failed: "not done, or not bound yet",
    },
  },
  options: SETUP_OPTIONS,
  run: (options, io) => runSetup(options, io),
});

if (import.meta.main) await runTask(setup);
