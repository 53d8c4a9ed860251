import {
  DRY_RUN_OPTION,
  ENV_FILE_OPTION,
  JSON_OPTION,
  option,
  YES_OPTION,
} from "../harness/cli/options.ts";
import { parseSeconds } from "../harness/cli/parse.ts";
import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runRotate } from "../harness/rotate/run_rotate.ts";
import { DEFAULT_TARGET_NAME } from "../harness/zitadel/target.ts";

export const rotate = defineTask({
  name: "rotate",
  help: {
    summary: "Replaces the target's signing key without refusing a call.",
    examples: [
      ["deno task rotate --dry-run", "the steps"],
      ["deno task rotate", "ask, then do them"],
    ],
    details: [
      "A second target with a key of its own takes over. Its key is added to the env file beside the old one; once the running function accepts it, the second target replaces the first wherever that is bound; then the first target and its key are removed. Restart or deploy the function with the env file while the command waits. If it is interrupted, run the same command again: it continues.",
    ],
    environment: ADMIN_ENVIRONMENT,
    exit: {
      done: "rotated",
      warnings: "declined by you, or --dry-run found steps to do",
      failed: "not done; the same command continues",
    },
  },
  options: {
    name: option("NAME", "the target's name", { default: DEFAULT_TARGET_NAME }),
    "env-file": ENV_FILE_OPTION,
    wait: option("TIME", "how long to wait for the function to take the key", {
      default: "30m",
      parse: parseSeconds,
    }),
    "dry-run": DRY_RUN_OPTION,
    yes: YES_OPTION,
    json: JSON_OPTION,
  },
  run: runRotate,
});

if (import.meta.main) await runTask(rotate);
