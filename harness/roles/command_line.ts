import type { Outcome } from "../cli/exit.ts";
import type { Io } from "../cli/io.ts";
import {
  DRY_RUN_OPTION,
  ENV_FILE_OPTION,
  flag,
  JSON_OPTION,
  option,
  type Values,
  YES_OPTION,
} from "../cli/options.ts";
import { parseFile, parseTime } from "../cli/parse.ts";

export const ROLES_OPTIONS = {
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
};

export type RolesOptions = Values<typeof ROLES_OPTIONS>;

/** Runs an action: on a file or permission, if it takes one. */
export type RunAction = (
  word: string,
  options: RolesOptions,
  io: Io,
) => Promise<Outcome>;
