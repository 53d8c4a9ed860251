/**
 * `deno task deploy`: the function to Deno Deploy.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { readConfig } from "../lib/config.ts";
import {
  planDeployment,
  settingsToUpload,
  UPLOAD_ENV_FILE,
} from "../harness/deploy/plan.ts";
import {
  formatSetting,
  parseEnv,
  readEnvFile,
} from "../harness/cli/env_file.ts";
import { runSteps } from "../harness/deploy/run_steps.ts";
import { runTask, UsageError } from "../harness/cli/task.ts";
import { ask, tint } from "../harness/cli/terminal.ts";

const HELP = `Deploys the function to Deno Deploy.

  deno task deploy --org ORG --app APP [options]

It runs \`deno deploy\` (which asks you to log in, or takes DENO_DEPLOY_TOKEN): uploads
the function's settings of the env file, and main.ts with lib/; nothing of the harness.

  --org ORG        the organization at Deno Deploy
  --app APP        the app
  --create         create the app and its KV database first
  --region REGION  with --create: us, eu or global (default global)
  --env-file FILE  holds the function's settings (default .env)
  --skip-env       leave the app's settings as they are
  --print          print the commands, run none
  --yes            do not ask
  --help           print this`;

/**
 * Runs the task.
 *
 * @param args The command line.
 * @returns The exit code: 0 done, 1 not confirmed, else that of the command
 * that failed.
 */
export async function deploy(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      org: { type: "string" },
      app: { type: "string" },
      create: { type: "boolean", default: false },
      region: { type: "string", default: "global" },
      "env-file": { type: "string", default: ".env" },
      "skip-env": { type: "boolean", default: false },
      print: { type: "boolean", default: false },
      yes: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { region, create, print } = values;
  const organization = values.org ?? (print ? "ORG" : undefined);
  const app = values.app ?? (print ? "APP" : undefined);
  if (!organization || !app) {
    throw new UsageError("Deploy where? Give --org and --app");
  }
  const envFile = values["env-file"];
  const settings = values["skip-env"]
    ? {}
    : parseEnv(await readEnvFile(envFile));
  const { names } = settingsToUpload(Object.keys(settings));
  if (!values["skip-env"] && !print) readConfig(settings);
  const steps = planDeployment({
    organization,
    app,
    region,
    create,
    settings: names,
  });

  if (print) {
    if (names.length > 0) {
      console.log(
        `(umask 077; grep -E '^(${
          names.join("|")
        })=' ${envFile} > ${UPLOAD_ENV_FILE})`,
      );
    }
    for (const { command } of steps) console.log(command.join(" "));
    if (names.length > 0) console.log(`rm ${UPLOAD_ENV_FILE}`);
    return 0;
  }
  for (const { what, command } of steps) {
    console.log(`${what}\n  ${tint("faint", command.join(" "))}`);
  }
  const confirmed = values.yes || ask("Run these commands?");
  if (!confirmed) {
    if (confirmed === undefined) {
      console.error("Nothing was run: nobody can be asked here. Use --yes");
    }
    return 1;
  }
  const { code, failed } = await runSteps(steps, {
    file: UPLOAD_ENV_FILE,
    text: names.map((name) => `${formatSetting(name, settings[name]!)}\n`)
      .join(""),
  });
  if (failed) {
    console.error(`${tint("bad", "failed")}: ${failed.what}`);
    return code;
  }
  console.log(
    `${
      tint("good", "Deployed.")
    } Now \`deno task setup --endpoint https://${app}.${organization}.deno.net/\`.`,
  );
  return 0;
}

if (import.meta.main) await runTask(deploy);
