#!/usr/bin/env -S deno run --quiet -P=look
import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { ROLES_OPTIONS } from "../harness/roles/command_line.ts";
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
  options: ROLES_OPTIONS,
  run: runRoles,
});

if (import.meta.main) await runTask(roles);
