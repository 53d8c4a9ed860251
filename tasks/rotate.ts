import {
  DRY_RUN_OPTION,
  flag,
  JSON_OPTION,
  list,
  option,
  YES_OPTION,
} from "../harness/cli/options.ts";
import {
  numberFrom,
  parseFile,
  parseSeconds,
  parseUrl,
} from "../harness/cli/parse.ts";
import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runRotate } from "../harness/rotate/run_rotate.ts";
import { DEFAULT_TARGET_NAME } from "../harness/zitadel/target.ts";

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
  options: {
    name: option("NAME", "the target's name", { default: DEFAULT_TARGET_NAME }),
    // Its keys would otherwise go to a file that no function reads.
    "env-file": option("FILE", "where the settings are, and go", {
      default: ".env",
      parse: parseFile,
    }),
    wait: option("TIME", "how long to wait for the function to take the key", {
      default: "30m",
      parse: parseSeconds,
    }),
    processes: option(
      "N",
      "how many processes the function runs in",
      numberFrom(1, 1_000),
    ),
    probe: list(
      "URL",
      "where this machine reaches a process; may be given several times (default: the target's endpoint)",
      parseUrl,
    ),
    endpoint: list("URL", "the same as --probe"),
    credential: flag("rotate the service user's credential instead"),
    "credential-days": option("DAYS", "how long the new credential is valid", {
      default: "365",
      parse: numberFrom(1, 3_650),
    }),
    "dry-run": DRY_RUN_OPTION,
    yes: YES_OPTION,
    json: JSON_OPTION,
  },
  run: ({ probe, endpoint, ...options }, io) =>
    runRotate({ ...options, endpoint: [...probe, ...endpoint] }, io),
});

if (import.meta.main) await runTask(rotate);
