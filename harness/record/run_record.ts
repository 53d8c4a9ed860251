/**
 * `deno task record`: serves the function, and keeps each call as a fixture.
 *
 * @module
 */
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { createFunction } from "../function/create_function.ts";
import type { Outcome } from "../cli/exit.ts";
import {
  buildFromSettings,
  readFunctionConfig,
} from "../cli/function_config.ts";
import type { Io } from "../cli/io.ts";
import { readSettings } from "../cli/settings.ts";
import { messageOf, tint } from "../cli/terminal.ts";
import { requirePort } from "../util/free_port.ts";
import { FIXTURES_URL, writeFixture } from "../fixtures/fixture.ts";
import {
  createRecorder,
  type RecordedCall,
  type Recorder,
} from "./recording.ts";

export interface RecordOptions {
  /** Where the fixtures go. */
  readonly folder: string;
  readonly envFile: string;
}

/** Calls with these answers were not ZITADEL's, or not read whole; they are not kept. */
const REFUSED: ReadonlySet<number> = new Set([400, 401, 404, 405, 413, 503]);

export async function runRecord(
  { folder, envFile }: RecordOptions,
  io: Io,
): Promise<Outcome> {
  const settings = await readSettings(envFile, io);
  const config = await readFunctionConfig(settings, { envFile, env: io.env });
  const handler = await buildFromSettings(() =>
    createFunction(config, {
      fetch,
      now: Date.now,
      log: ({ level, message }) => {
        if (level !== "info") io.error(`${tint("warning", level)} ${message}`);
      },
    })
  );
  const keep = createKeeper(await createRecorder(settings), folder, io);
  await Deno.mkdir(folder, { recursive: true });
  const interrupted = io.untilInterrupted();
  const { host: hostname, port } = config;
  if (port !== 0) requirePort(port, "PORT");
  const server = Deno.serve({
    hostname,
    port,
    onListen: ({ hostname, port }) =>
      io.print(`Listening on ${hostname}:${port}, keeping calls in ${folder}`),
  }, async (request) => {
    const time = Date.now();
    const { url, method, headers, body } = request;
    // On the served one Deno would watch for the client's abort.
    const copy = new Request(url, { method, headers, body });
    // Reads no more than the function does.
    const called = copy.clone();
    const response = await handler(called);
    if (method === "POST" && !REFUSED.has(response.status)) {
      keep({ headers, body: await copy.bytes(), time });
      return response;
    }
    // The unread body of a refused call would keep the server from ending.
    copy.body?.cancel();
    if (!called.bodyUsed) called.body?.cancel();
    return response;
  });
  const stop = () => void server.shutdown();
  interrupted.addEventListener("abort", stop, { once: true });
  await server.finished;
  return "done";
}

/** Creates what keeps a call: it neither delays the login nor makes it fail. */
function createKeeper(
  toFixture: Recorder,
  folder: string,
  io: Io,
): (call: RecordedCall) => Promise<void> {
  const below = relative(fileURLToPath(FIXTURES_URL), resolve(folder));
  // A fixture is named after its path in the folder of fixtures.
  const prefix = below.startsWith("..") || below === "" ? "" : `${below}/`;
  return async (call) => {
    try {
      const fixture = await toFixture(call);
      if (fixture === undefined) return;
      const file = `${folder}/${fixture.name}.json`;
      const isKept = await Deno.stat(file).then(() => true, () => false);
      if (isKept) return;
      await writeFixture(file, { ...fixture, name: prefix + fixture.name });
      io.print(`${tint("good", "kept")} ${file}`);
    } catch (error) {
      io.error(`${tint("bad", "not kept")}: ${messageOf(error)}`);
    }
  };
}
