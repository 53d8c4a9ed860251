import { UsageError } from "../harness/cli/errors.ts";
import type { Outcome } from "../harness/cli/exit.ts";
import type { Io } from "../harness/cli/io.ts";
import {
  DRY_RUN_OPTION,
  ENV_FILE_OPTION,
  flag,
  JSON_OPTION,
  option,
  YES_OPTION,
} from "../harness/cli/options.ts";
import { ADMIN_ENVIRONMENT } from "../harness/cli/settings.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import type { ApplyOptions } from "../harness/roles/run_apply.ts";
import { runCheck } from "../harness/roles/run_check.ts";

interface RolesOptions extends Omit<ApplyOptions, "file"> {
  readonly against?: string | undefined;
  readonly positionals: readonly string[];
}

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
    ],
    details: [
      "check names every problem with its path, the bytes that each role adds to a token, and with --against which roles gain and lose what.",
      "apply writes the file's entries into the organization's metadata, and nothing else. Entries that are not in the file stay, unless you say --prune. What is no list of permissions always stays.",
      "export prints the mapping that is in effect; metadata that is no mapping is named on stderr.",
      'Put "$schema": "./roles.schema.json" at the top of the file and your editor completes and checks it.',
    ],
    environment: ADMIN_ENVIRONMENT,
    exit: {
      done: "no problem, or written, or nothing to write",
      warnings:
        "check has warnings; declined by you, or --dry-run found changes",
      failed: "check has errors; not written",
    },
  },
  positionals: {
    placeholder: "check FILE | apply FILE | export",
    help: "what to do",
    min: 1,
    max: 2,
  },
  options: {
    against: option("FILE", "with check: the file to compare with"),
    org: option(
      "ID",
      "whose metadata holds the mapping (default: METADATA_ORGANIZATION, or the token's own organization)",
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

async function runRoles(options: RolesOptions, io: Io): Promise<Outcome> {
  const [action, file] = options.positionals;
  if (action === "export") {
    if (file !== undefined) {
      throw new UsageError("export prints to stdout: it takes no file");
    }
    const { runExport } = await import("../harness/roles/run_apply.ts");
    return await runExport(options, io);
  }
  if (action !== "check" && action !== "apply") {
    throw new UsageError(
      `Unknown word '${action}': expected check, apply or export`,
    );
  }
  if (file === undefined) throw new UsageError(`${action} needs a file`);
  if (action === "check") return await runCheck({ ...options, file }, io);
  // Loaded only here: ZITADEL's client takes longer to load than a check.
  const { runApply } = await import("../harness/roles/run_apply.ts");
  return await runApply({ ...options, file }, io);
}

if (import.meta.main) await runTask(roles);
