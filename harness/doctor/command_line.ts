import {
  ENV_FILE_OPTION,
  flag,
  JSON_OPTION,
  list,
  option,
  type Values,
} from "../cli/options.ts";
import { parseFile, parseUrl } from "../cli/parse.ts";

export const DOCTOR_OPTIONS = {
  org: list(
    "ID",
    "check this organization; may be given several times (default: METADATA_ORGANIZATION, else all, up to 20)",
  ),
  "client-id": option("ID", "check this application in particular"),
  endpoint: option(
    "URL",
    "where the function answers (default: the target's endpoint)",
    parseUrl,
  ),
  probe: option(
    "URL",
    "where this machine reaches the function, if not at the target's endpoint",
    parseUrl,
  ),
  live: flag(
    "prove the whole chain: get real tokens through the bound function as a throwaway user with one role, and compare their claims",
  ),
  "remove-leftovers": flag(
    "remove the organizations and users that an interrupted --live left behind",
  ),
  acknowledged: option(
    "FILE",
    "warnings that you accept, and why; they no longer count",
    parseFile,
  ),
  "env-file": ENV_FILE_OPTION,
  all: flag("print what is ok, too"),
  json: JSON_OPTION,
};

export type DoctorOptions = Values<typeof DOCTOR_OPTIONS>;
