import { defineTask, runTask } from "../harness/cli/task.ts";
import { REPLAY_OPTIONS, runReplay } from "../harness/replay/run_replay.ts";

export const replay = defineTask({
  name: "replay",
  help: {
    summary:
      "Sends recorded calls of ZITADEL, freshly signed, to the function and compares its replies with the expected ones.",
    examples: [
      ["deno task replay", "every fixture"],
      ["deno task replay fixtures/calls/human_login.json"],
      ["deno task replay values/bom", "a fixture by its name"],
      ["deno task replay --url https://my-function.example.com/"],
    ],
    details: [
      "Without --url, a function is started for each fixture, with the fixture's settings and metadata. A reply of --url that differs only in its permissions is shown and does not count: that function reads its own metadata.",
      "With --url, the organizations and projects of a fixture exist only where it was recorded, so real ones take their place: --org, or the organization of the service user whose credential the env file has; and the first of PROJECTS and of APPLICATIONS. So your own recordings (`deno task record`) check a deployed function, whatever METADATA_ORGANIZATION is.",
    ],
    environment: [
      [
        "AUTHORIZATION_SIGNING_KEY",
        "with --url: the target's signing key. There is no option for it: options show in the process list",
      ],
      [
        "PERMISSIONS_CLAIM, ...",
        "with --url: that function's settings, if they are not the defaults",
      ],
    ],
    exit: {
      done: "every reply is as expected",
      failed:
        "a reply differs, nothing could be compared, or --url is not a function with that key",
    },
  },
  positionals: {
    placeholder: "FILE...",
    help: "files or names of fixtures (default: all in fixtures/)",
    min: 0,
    max: Infinity,
  },
  options: REPLAY_OPTIONS,
  run: runReplay,
});

if (import.meta.main) await runTask(replay);
