/** `deno task dev`: work on the function, and see what it does to a token. */
import { parseArgs } from "node:util";
import { startDevStack } from "../harness/dev/start_dev_stack.ts";
import { readSettings, runTask, UsageError } from "../harness/cli/task.ts";
import { tint } from "../harness/cli/terminal.ts";
import { type Release, RELEASES } from "../harness/sandbox/release.ts";

const HELP =
  `Starts the function, restarted whenever one of its files changes, and the token
inspector: a page to log in and see the token, with the permissions in it.

  deno task dev [options]

Without ZITADEL_DOMAIN (in the environment, or in the env file) there is a
sandbox too: a stand-in ZITADEL, set up for the function. With it, the function
and the page work with that instance, and the settings are the function's own.

  --world FILE       what the sandbox holds (default harness/sandbox/world.json)
  --release NAME     the release that the sandbox plays: ${RELEASES.join(", ")}
  --client-id ID     the application that the page suggests to log in with
  --port PORT        the page's port (default 9000)
  --no-function      leave the function out: it runs elsewhere
  --env-file FILE    holds settings (default .env)
  --help             print this`;

/**
 * Runs the task until it is interrupted.
 *
 * @param args The command line.
 * @returns The exit code.
 */
export async function dev(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      world: { type: "string" },
      release: { type: "string" },
      "client-id": { type: "string" },
      port: { type: "string" },
      "no-function": { type: "boolean" },
      "env-file": { type: "string", default: ".env" },
      help: { type: "boolean" },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const stopped = Promise.withResolvers<void>();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, stopped.resolve);
  }
  await using stack = await startDevStack({
    settings: await readSettings(values["env-file"]),
    world: values.world,
    release: releaseOf(values.release),
    clientId: values["client-id"],
    port: portOf(values.port),
    withoutFunction: values["no-function"],
  });
  const { inspector, endpoint, issuer, sandbox } = stack;
  const row = (name: string, url: string, text: string) =>
    console.log(`${tint("strong", name.padEnd(11))}${url.padEnd(25)} ${text}`);
  console.log();
  row("Inspector", inspector.origin, "log in, and see what the token says");
  if (endpoint) {
    row("Function", endpoint, "restarts whenever one of its files changes");
  }
  if (sandbox) {
    row("ZITADEL", issuer, "the sandbox; for the other tasks:");
    console.log(
      `\nexport ZITADEL_DOMAIN=${issuer} ZITADEL_ADMIN_TOKEN=${sandbox.adminToken}\n`,
    );
  } else {
    row("ZITADEL", issuer, "");
    console.log(
      `\nAn application to log in with must allow ${inspector.redirectUri}\n`,
    );
  }
  console.log("Ctrl-C stops all of it.\n");
  await stopped.promise;
  return 0;
}

function releaseOf(name: string | undefined): Release | undefined {
  const release = RELEASES.find((it) => it === name);
  if (name !== undefined && release === undefined) {
    throw new UsageError(
      `--release ${name}: expected ${RELEASES.join(", ")}`,
    );
  }
  return release;
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new UsageError(`--port ${text}: expected a number from 1 to 65535`);
  }
  return port;
}

if (import.meta.main) await runTask(dev);
