/**
 * `deno task deploy`: shows the commands of a deployment, and runs them.
 *
 * @module
 */
import { confirm } from "../cli/confirm.ts";
import { formatSetting, parseEnv, readEnvFile } from "../cli/env_file.ts";
import { SettingsError, UsageError } from "../cli/errors.ts";
import type { Outcome } from "../cli/exit.ts";
import { readFunctionConfig } from "../cli/function_config.ts";
import {
  ENV_FILE_OPTION,
  flag,
  option,
  type Values,
  YES_OPTION,
} from "../cli/options.ts";
import { oneOf } from "../cli/parse.ts";
import type { Io } from "../cli/io.ts";
import { shellQuote } from "../cli/shell_quote.ts";
import { tint } from "../cli/terminal.ts";
import { formatCommands } from "./format_commands.ts";
import { planDeployment, UPLOAD_ENV_FILE } from "./plan.ts";
import { runSteps } from "./run_steps.ts";

export const DEPLOY_OPTIONS = {
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
};

export async function runDeploy(
  options: Values<typeof DEPLOY_OPTIONS>,
  io: Io,
): Promise<Outcome> {
  const { region, create, print, skipEnv, envFile } = options;
  const organization = options.org ?? (print ? "ORG" : undefined);
  const app = options.app ?? (print ? "APP" : undefined);
  if (!organization || !app) {
    throw new UsageError("--org and --app are missing: deploy where?");
  }
  const settings = skipEnv ? {} : await readSettingsOf(envFile);
  if (!skipEnv && !print) {
    await readFunctionConfig(settings, { envFile, env: {} });
  }
  const steps = planDeployment({
    organization,
    app,
    region,
    create,
    settings: Object.keys(settings),
  });
  if (print) {
    for (const line of formatCommands(steps, envFile)) io.print(line);
    return "done";
  }
  for (const { what, command } of steps) {
    io.print(what);
    io.print(`  ${tint("faint", command.map(shellQuote).join(" "))}`);
  }
  if (!confirm(io, "Run these commands?", options)) return "declined";
  const uploaded = steps.flatMap(({ settings = [] }) => settings);
  const failed = await runSteps(steps, {
    file: UPLOAD_ENV_FILE,
    text: uploaded.map((name) => `${formatSetting(name, settings[name]!)}\n`)
      .join(""),
  });
  if (failed) {
    io.error(`${tint("bad", "failed")}: ${failed.what}`);
    return "failed";
  }
  const url = `https://${app}.${organization}.deno.net/`;
  const next = `Next: \`deno task setup --endpoint ${url}\``;
  io.print(`${tint("good", "Deployed.")} ${next}`);
  return "done";
}

/**
 * Reads the env file, which must exist: without it the app would be deployed
 * without settings.
 */
async function readSettingsOf(
  envFile: string,
): Promise<Record<string, string>> {
  const { isFile } = await Deno.stat(envFile).catch(() => ({ isFile: false }));
  if (isFile) return parseEnv(await readEnvFile(envFile));
  throw new SettingsError(
    `There is no env file ${envFile}: name the file with the function's settings by --env-file, or leave the app's settings as they are by --skip-env`,
  );
}
