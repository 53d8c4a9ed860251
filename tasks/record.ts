/**
 * `deno task record`: the function, which also keeps what ZITADEL sends.
 *
 * @module
 */
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readConfig } from "../lib/config.ts";
import { createFunction } from "../harness/function/create_function.ts";
import { copyBody } from "../harness/record/copy_body.ts";
import { FIXTURES_URL, writeFixture } from "../harness/fixtures/fixture.ts";
import { createRecorder } from "../harness/record/recording.ts";
import { readSettings, runTask } from "../harness/cli/task.ts";
import { messageOf, tint } from "../harness/cli/terminal.ts";

const HELP = `Runs the function, and keeps what ZITADEL sends as fixtures.

  deno task record [options]

It answers as the function does, so that logins go on working. Of each call it keeps
a fixture in which all that is about people, ids too, is replaced by stand-ins, with a
signature of its own, and only the metadata entries of the call's roles. One call that
comes again is kept once. Ctrl-C ends it.

  --folder DIR     where the fixtures go (default fixtures/own)
  --env-file FILE  holds the function's settings (default .env)
  --help           print this

To have ZITADEL call it, run \`deno task setup --endpoint URL\` with its address; a
hosted ZITADEL reaches a laptop through \`deno task --tunnel record\`.`;

/** Calls that were not ZITADEL's are answered with these, and not kept. */
const NOT_KEPT: ReadonlySet<number> = new Set([400, 401, 404, 405, 413]);

/**
 * Runs the task.
 *
 * @param args The command line.
 * @param signal Ends it; Ctrl-C does too.
 * @returns The exit code.
 */
export async function record(
  args: string[],
  signal?: AbortSignal,
): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      folder: { type: "string", default: "fixtures/own" },
      "env-file": { type: "string", default: ".env" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { folder } = values;
  const settings = await readSettings(values["env-file"]);
  const config = readConfig(settings);
  const handler = await createFunction(config, {
    fetch,
    now: Date.now,
    log: ({ level, message }) => {
      if (level !== "info") {
        console.error(`${tint("warning", level)} ${message}`);
      }
    },
  });
  const toFixture = await createRecorder(settings);
  const below = relative(fileURLToPath(FIXTURES_URL), resolve(folder));
  // A fixture is named after its path in the folder of fixtures.
  const prefix = below.startsWith("..") || below === "" ? "" : `${below}/`;
  await Deno.mkdir(folder, { recursive: true });

  const server = Deno.serve({
    hostname: config.host,
    port: config.port,
    onListen: ({ port, hostname }) =>
      console.log(
        `Listening on ${hostname}:${port}, keeping calls in ${folder}`,
      ),
  }, async (request) => {
    const time = Date.now();
    const { headers, method } = request;
    const copied = copyBody(request);
    const response = await handler(copied.request);
    // Of a refused call; left alone, it would keep the server from ending.
    if (!copied.request.bodyUsed) copied.request.body?.cancel();
    if (method !== "POST" || NOT_KEPT.has(response.status)) return response;
    keep({ headers, body: copied.body(), time });
    return response;
  });

  /** Does not hold up the login, and cannot make it fail. */
  async function keep(call: Parameters<typeof toFixture>[0]): Promise<void> {
    try {
      const fixture = await toFixture(call);
      if (fixture === undefined) return;
      const file = `${folder}/${fixture.name}.json`;
      if (await exists(file)) return;
      await writeFixture(file, { ...fixture, name: prefix + fixture.name });
      console.log(`${tint("good", "kept")} ${file}`);
    } catch (error) {
      console.error(`${tint("bad", "not kept")}: ${messageOf(error)}`);
    }
  }

  const stop = () => void server.shutdown();
  Deno.addSignalListener("SIGINT", stop);
  signal?.addEventListener("abort", stop, { once: true });
  await server.finished;
  Deno.removeSignalListener("SIGINT", stop);
  return 0;
}

async function exists(file: string): Promise<boolean> {
  try {
    await Deno.stat(file);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) await runTask(record);
