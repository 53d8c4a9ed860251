import {
  ENV_FILE_OPTION,
  flag,
  option,
  YES_OPTION,
} from "../harness/cli/options.ts";
import { oneOf } from "../harness/cli/parse.ts";
import { defineTask, runTask } from "../harness/cli/task.ts";
import { runDeploy } from "../harness/deploy/run_deploy.ts";

export const deploy = defineTask({
  name: "deploy",
  help: {
    summary: "Deploys the function to Deno Deploy.",
    examples: [
      ["deno task deploy --org acme --app permissions --create", "a new app"],
      ["deno task deploy --org acme --app permissions", "again"],
      ["deno task deploy --print", "the commands only"],
    ],
    details: [
      "Runs `deno deploy`: uploads the function's settings from the env file, and the bundle that `deno task build` writes; nothing else.",
    ],
    environment: [
      [
        "DENO_DEPLOY_TOKEN",
        "a token for Deno Deploy; without it `deno deploy` asks you to log in",
      ],
    ],
    exit: {
      done: "deployed",
      warnings: "declined by you",
      failed: "a command failed",
    },
  },
  options: {
    org: option("ORG", "the organization at Deno Deploy"),
    app: option("APP", "the app"),
    create: flag("create the app and its KV database first"),
    region: option("REGION", "with --create: us, eu or global", {
      default: "global",
      parse: oneOf(["us", "eu", "global"]),
    }),
    "env-file": ENV_FILE_OPTION,
    "skip-env": flag("leave the app's settings as they are"),
    print: flag("print the commands, run none"),
    yes: YES_OPTION,
  },
  run: runDeploy,
});

if (import.meta.main) await runTask(deploy);
