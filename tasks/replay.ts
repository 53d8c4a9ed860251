import {
  ENV_FILE_OPTION,
  flag,
  JSON_OPTION,
  option,
} from "../harness/cli/options.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runReplay } from "../harness/replay/run_replay.ts";

export const replay = defineTask({
  name: "replay",
  help: {
    summary:
      "Sends recorded calls of ZITADEL, freshly signed, to the function and compares its replies with the expected ones.",
    examples: [
      ["deno task replay", "every fixture"],
      ["deno task replay fixtures/calls/human_login.json"],
      ["deno task replay --url https://my-function.example.com/"],
    ],
    details: [
      "Without --url, a function is started for each fixture, with the fixture's settings and metadata. A reply of --url that differs only in its permissions is shown and does not count: that function reads its own metadata.",
    ],
    environment: [
      ["AUTHORIZATION_SIGNING_KEY", "with --url: the target's signing key"],
    ],
    exit: {
      done: "every reply is as expected",
      failed: "a reply differs, or the function gave no answer",
    },
  },
  positionals: {
    placeholder: "FILE...",
    help: "fixtures to replay (default: all in fixtures/)",
    min: 0,
    max: Infinity,
  },
  options: {
    url: option("URL", "a running function"),
    key: option(
      "KEY",
      "its target's signing key (default: AUTHORIZATION_SIGNING_KEY)",
    ),
    "env-file": ENV_FILE_OPTION,
    update: flag(
      "make the function's replies the expected ones, show what changed, and sign made requests whose body was edited",
    ),
    json: JSON_OPTION,
  },
  run: runReplay,
});

if (import.meta.main) await runTask(replay);
