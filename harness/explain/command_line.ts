import {
  ENV_FILE_OPTION,
  JSON_OPTION,
  option,
  type Values,
} from "../cli/options.ts";
import { parseFile } from "../cli/parse.ts";

export const EXPLAIN_OPTIONS = {
  user: option("ID|LOGIN", "the user whose tokens to explain"),
  permission: option("NAME", "with --user: why the user (not) has it"),
  application: option(
    "ID",
    "with --user: the client id of the application that the user logs in to",
  ),
  roles: option("FILE", 'the mapping: {"admin": ["read:all"]}', parseFile),
  "env-file": ENV_FILE_OPTION,
  json: JSON_OPTION,
};

export type ExplainOptions = Values<typeof EXPLAIN_OPTIONS>;
