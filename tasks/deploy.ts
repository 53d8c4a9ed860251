import { defineTask, runTask } from "../harness/cli/task.ts";
import { DEPLOY_OPTIONS, runDeploy } from "../harness/deploy/run_deploy.ts";

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
  options: DEPLOY_OPTIONS,
  run: runDeploy,
});

if (import.meta.main) await runTask(deploy);
