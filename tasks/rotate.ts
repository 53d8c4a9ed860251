import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { ROTATE_OPTIONS } from "../harness/rotate/command_line.ts";
import { runRotate } from "../harness/rotate/run_rotate.ts";

export const rotate = defineTask({
  name: "rotate",
  help: {
    summary:
      "Replaces the target's signing key, or the service user's credential, without refusing a call.",
    examples: [
      ["deno task rotate --dry-run", "the steps"],
      ["deno task rotate", "ask, then do them"],
      ["deno task rotate --processes 3", "behind a load balancer"],
      ["deno task rotate --credential", "the service user's key or token"],
    ],
    details: [
      "A second target with a key of its own takes over. Its key is added to the env file beside the old one; once the running function accepts it, the second target replaces the first wherever that is bound; then the first target and its key are removed. Restart or deploy the function with the env file while the command waits. If it is interrupted, run the same command again: it continues.",
      "Each check uses a connection of its own, and processes name themselves. Without --processes or several --probe options, the processes that happen to answer are checked, and their number is reported.",
      "With --credential, the first run adds a credential and writes it into the env file. Restart or deploy the function, then run it again: it deletes the old credential once the function is seen to use the new one.",
    ],
    environment: ADMIN_ENVIRONMENT,
    exit: {
      done: "rotated",
      warnings: "declined by you, or --dry-run found steps to do",
      failed: "not done; the same command continues",
    },
  },
  options: ROTATE_OPTIONS,
  run: runRotate,
});

if (import.meta.main) await runTask(rotate);
