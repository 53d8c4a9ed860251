import { once } from "node:events";
import type { Outcome } from "../cli/exit.ts";
import type { Io } from "../cli/io.ts";
import { ENV_FILE_OPTION, flag, option, type Values } from "../cli/options.ts";
import { numberFrom, parseFile } from "../cli/parse.ts";
import { readSettings } from "../cli/settings.ts";
import { tint } from "../cli/terminal.ts";
import { type DevStack, startDevStack } from "./start_dev_stack.ts";

export const DEV_OPTIONS = {
  world: option(
    "FILE",
    "what the sandbox holds (default harness/sandbox/world.json)",
    parseFile,
  ),
  "client-id": option("ID", "the application that the page suggests"),
  "create-app": option(
    "PROJECT",
    "create an application for the page in this project of a real instance, by id or name, and remove it at the end; needs ZITADEL_ADMIN_TOKEN",
  ),
  port: option(
    "PORT",
    "the page's port (default 9000)",
    numberFrom(1, 65_535),
  ),
  "no-function": flag("do not start the function: it runs elsewhere"),
  "env-file": ENV_FILE_OPTION,
};

/** `deno task dev`: starts everything, prints where it is, and waits for Ctrl-C. */
export async function runDev(
  options: Values<typeof DEV_OPTIONS>,
  io: Io,
): Promise<Outcome> {
  const { noFunction, envFile, ...others } = options;
  const interrupted = io.untilInterrupted();
  await using stack = await startDevStack({
    ...others,
    settings: await readSettings(envFile, io),
    withoutFunction: noFunction,
    print: io.print,
  });
  for (const line of formatStack(stack)) io.print(line);
  if (!interrupted.aborted) await once(interrupted, "abort");
  return "done";
}

function formatStack(
  { inspector, endpoint, issuer, sandbox, api, app }: DevStack,
): string[] {
  const row = (name: string, url: string | undefined, text: string) =>
    url === undefined ? [] : [
      `${tint("strong", name.padEnd(11))}${url.padEnd(26)}${text}`.trimEnd(),
    ];
  const next = sandbox
    ? `export ZITADEL_DOMAIN=${issuer} ZITADEL_ADMIN_TOKEN=${sandbox.adminToken}`
    : app
    ? `The page logs in with a temporary application of the project ${app.project.name}; Ctrl-C removes it.`
    : `An application to log in with must allow ${inspector.redirectUri}; --create-app PROJECT creates one.`;
  return [
    "",
    ...row("Inspector", inspector.origin, "log in and read the token"),
    ...row("Function", endpoint, "restarts when one of its files changes"),
    ...row("API", api, "examples/api/hono.ts, called by the page"),
    ...row(
      "ZITADEL",
      issuer,
      sandbox ? "the sandbox; for other commands:" : "",
    ),
    "",
    next,
    "",
    "Ctrl-C stops everything.",
    "",
  ];
}
