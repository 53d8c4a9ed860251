#!/usr/bin/env -S deno run --quiet -P=look
import {
  DRY_RUN_OPTION,
  ENV_FILE_OPTION,
  flag,
  JSON_OPTION,
  option,
  YES_OPTION,
} from "../harness/cli/options.ts";
import { parseFile } from "../harness/cli/parse.ts";
import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { parseTime } from "../harness/cli/time.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runRoles } from "../harness/roles/run_roles.ts";

export const roles = defineTask({
  name: "roles",
  help: {
    summary:
      "Checks the mapping of roles to permissions, writes it, and reads it back.",
    examples: [
      ["deno task roles check roles.json", "offline"],
      ["deno task roles check roles.json --against main.json", "what changes"],
      ["deno task roles apply roles.json --prune", "write it"],
      ["deno task roles export > roles.json", "read it back"],
      ["deno task roles who posts:write", "who has a permission"],
      ["deno task roles history --since 2026-11-01", "who changed what"],
      ["deno task roles export --at 2026-11-29T10:00Z", "as it was"],
    ],
    details: [
      "check names every problem with its path, the bytes that each role adds to a token, and with --against which roles gain and lose what.",
      "apply writes the file's entries into the organization's metadata, and nothing else. Entries that are not in the file stay, unless you say --prune. What is no list of permissions always stays.",
      "export prints the mapping that is in effect; metadata that is no mapping is named on stderr. With --at it is the mapping of that time, changes at that time included.",
      "who lists the roles that grant a permission and the users who hold them, on the whole instance, by the function's settings; it needs IAM_OWNER_VIEWER.",
      "history lists each change with its time and editor, from ZITADEL's event log; it needs IAM_OWNER_VIEWER.",
      "With GITHUB_ACTIONS set, check also prints annotations for the pull request.",
      'Put "$schema": "./roles.schema.json" at the top of the file and your editor completes and checks it.',
    ],
    environment: ADMIN_ENVIRONMENT,
    exit: {
      done: "no problem, or written, or nothing to write",
      warnings:
        "check has warnings; history has a gap; declined by you, or --dry-run found changes",
      failed: "check has errors; not written",
    },
  },
  positionals: {
    placeholder: "check FILE | apply FILE | export | who NAME | history",
    help: "what to do",
    min: 1,
    max: 2,
  },
  options: {
    against: option("FILE", "with check: the file to compare with", parseFile),
    org: option(
      "ID",
      "whose metadata holds the mapping (default: METADATA_ORGANIZATION, or the token's own organization)",
    ),
    at: option("TIME", "with export: the mapping as it was", parseTime),
    since: option("TIME", "with history: only changes since then", parseTime),
    role: option("NAME", "with history: only changes of this role"),
    permission: option(
      "NAME",
      "with history: only changes that give or take this permission",
    ),
    prune: flag("with apply: remove entries that are not in the file"),
    "unknown-projects": flag(
      "with apply: write entries of projects that do not exist (yet), too",
    ),
    "env-file": ENV_FILE_OPTION,
    "dry-run": DRY_RUN_OPTION,
    yes: YES_OPTION,
    json: JSON_OPTION,
  },
  run: runRoles,
});

if (import.meta.main) await runTask(roles);
