import {
  DRY_RUN_OPTION,
  flag,
  JSON_OPTION,
  list,
  option,
  type Values,
  YES_OPTION,
} from "../cli/options.ts";
import { numberFrom, parseFile, parseSeconds, parseUrl } from "../cli/parse.ts";
import { DEFAULT_TARGET_NAME } from "../zitadel/target.ts";

export const ROTATE_OPTIONS = {
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
  endpoint: list("URL", "the same as --probe", parseUrl),
  credential: flag("rotate the service user's credential instead"),
  "credential-days": option("DAYS", "how long the new credential is valid", {
    default: "365",
    parse: numberFrom(1, 3_650),
  }),
  "dry-run": DRY_RUN_OPTION,
  yes: YES_OPTION,
  json: JSON_OPTION,
};

export type RotateOptions = Values<typeof ROTATE_OPTIONS>;
