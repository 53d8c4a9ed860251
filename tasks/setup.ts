import {
  DRY_RUN_OPTION,
  ENV_FILE_OPTION,
  flag,
  JSON_OPTION,
  list,
  option,
  toggle,
  YES_OPTION,
} from "../harness/cli/options.ts";
import {
  numberFrom,
  oneOf,
  parseSeconds,
  parseUrl,
} from "../harness/cli/parse.ts";
import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runSetup } from "../harness/setup/run_setup.ts";
import { SETUP_DETAILS } from "../harness/setup/help.ts";
import { CREDENTIAL_KINDS } from "../harness/zitadel/credential.ts";
import { DEFAULT_SERVICE_USER_NAME } from "../harness/zitadel/service_user.ts";
import { DEFAULT_TARGET_NAME } from "../harness/zitadel/target.ts";

export const setup = defineTask({
  name: "setup",
  help: {
    summary:
      "Connects the function to a ZITADEL instance; a second run changes only what differs.",
    examples: [
      ["deno task setup --endpoint https://my-function.example.com/ --roles roles.json --service-user"],
      ["deno task setup --roles roles.json --prune", "the mapping only"],
      ["deno task setup --also events", "an existing target"],
      ["deno task setup --no-interrupt-on-error", "if logins fail"],
      ["deno task setup --remove --roles roles.json", "undo all of it"],
    ],
    details: SETUP_DETAILS,
    environment: ADMIN_ENVIRONMENT,
    exit: {
      done: "done, or nothing to do",
      warnings:
        "declined by you, --dry-run found changes, or nothing to remove",
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
      "the mapping; `deno task roles check FILE` checks it",
    ),
    prune: flag("remove metadata entries that are not in that file"),
    org: option(
      "ID",
      "whose metadata takes the mapping (default: METADATA_ORGANIZATION, or the token's own organization)",
    ),
    "service-user": flag(
      "create the function's service user and its credential",
    ),
    "service-user-name": option("NAME", "what it is called", {
      default: DEFAULT_SERVICE_USER_NAME,
    }),
    credential: option("KIND", "a JWT profile key, or a token: key, pat", {
      default: "key",
      parse: oneOf(CREDENTIAL_KINDS),
    }),
    "credential-days": option("DAYS", "how long it lives", {
      default: "365",
      parse: numberFrom(1, 3_650),
    }),
    project: list("ID", "a project for PROJECTS; can be repeated"),
    projects: toggle("--no-projects: propose no PROJECTS"),
    name: option("NAME", "the target's name", { default: DEFAULT_TARGET_NAME }),
    also: option("LIST", "bind to: preuserinfo, presamlresponse, events"),
    timeout: option(
      "TIME",
      "how long ZITADEL waits for the function (default: as the target is; 10s for a new one)",
      { parse: parseSeconds },
    ),
    "interrupt-on-error": toggle(
      "a login fails if the function fails; otherwise the token comes without permissions (default: as the target is; off for a new one; --no-interrupt-on-error: off)",
    ),
    wait: option("TIME", "wait for the function, then bind", {
      parse: parseSeconds,
    }),
    start: flag("run the function here, bind, and stay until Ctrl-C"),
    "env-file": ENV_FILE_OPTION,
    force: flag("replace another signing key in the env file"),
    remove: flag(
      "undo all of it; with --roles also the metadata entries that still hold what the file says",
    ),
    "dry-run": DRY_RUN_OPTION,
    yes: YES_OPTION,
    json: JSON_OPTION,
  },
  run: (options, io) => runSetup(options, io),
});

if (import.meta.main) await runTask(setup);
