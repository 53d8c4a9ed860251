import {
  DRY_RUN_OPTION,
  ENV_FILE_OPTION,
  flag,
  JSON_OPTION,
  option,
  toggle,
  YES_OPTION,
} from "../harness/cli/options.ts";
import { parseSeconds, parseUrl } from "../harness/cli/parse.ts";
import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runSetup } from "../harness/setup/run_setup.ts";
import { DEFAULT_TARGET_NAME } from "../harness/zitadel/target.ts";

export const setup = defineTask({
  name: "setup",
  help: {
    summary:
      "Connects the function to a ZITADEL instance; a second run changes only what differs.",
    examples: [
      ["deno task setup --endpoint https://my-function.example.com/ --roles roles.json"],
      ["deno task setup --roles roles.json", "the mapping only"],
      ["deno task setup --also events", "an existing target"],
      ["deno task setup --remove --roles roles.json", "undo all of it"],
    ],
    details: [
      "Creates or updates the target, writes its signing key into the env file (and ZITADEL_DOMAIN if the file has none), writes the mapping into the organization's metadata, and binds the target to preaccesstoken. Other targets that are bound there stay, in their order.",
      "While the function does not answer yet, or does not accept the key, everything but the binding is done: start the function with the env file and run the same command again.",
    ],
    environment: ADMIN_ENVIRONMENT,
    exit: {
      done: "done, or nothing to do",
      warnings: "declined by you, or --dry-run found changes",
      failed: "not done, or not bound yet",
    },
  },
  options: {
    endpoint: option(
      "URL",
      "where the function answers (default: as the target is)",
      { parse: parseUrl },
    ),
    roles: option(
      "FILE",
      'the mapping: {"admin": ["read:all"]}, or by project {"<project id>": {"admin": ["read:all"]}}',
    ),
    org: option(
      "ID",
      "whose metadata takes the mapping (default: METADATA_ORGANIZATION, or the token's own organization)",
    ),
    name: option("NAME", "the target's name", { default: DEFAULT_TARGET_NAME }),
    also: option(
      "LIST",
      "bind to these too: preuserinfo, presamlresponse, events",
    ),
    timeout: option(
      "TIME",
      "how long ZITADEL waits for the function (default: as the target is; 10s for a new one)",
      { parse: parseSeconds },
    ),
    "interrupt-on-error": toggle(
      "a login fails if the function fails; otherwise the token comes without permissions (default: as the target is; off for a new one; --no-interrupt-on-error: off)",
    ),
    "env-file": ENV_FILE_OPTION,
    force: flag("replace another signing key in the env file"),
    "skip-health": flag(
      "bind without asking the function whether it answers and accepts the key",
    ),
    remove: flag(
      "undo all of it; with --roles also the metadata entries that still hold what the file says",
    ),
    "dry-run": DRY_RUN_OPTION,
    yes: YES_OPTION,
    json: JSON_OPTION,
  },
  run: runSetup,
});

if (import.meta.main) await runTask(setup);
