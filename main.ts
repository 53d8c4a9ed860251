/**
 * The edge entry: settings from the environment, Deno KV, the function, a server.
 *
 * @module
 */
import { readConfig, SETTINGS } from "./lib/config.ts";
import { createHandler } from "./lib/handler.ts";
import type { LogEntry } from "./lib/log.ts";

try {
  const names = Object.keys(SETTINGS);
  const config = readConfig(
    Object.fromEntries(names.map((name) => [name, Deno.env.get(name)])),
  );
  const kv = await Deno.openKv(config.kvUrl).catch((error: Error) => {
    log({
      level: "warn",
      message: "Cannot open Deno KV; every isolate works from its own memory",
      cause: error.name,
      remedy: "Assign a KV database to the app, or set KV_URL",
    });
    return undefined;
  });
  const background = new AbortController();
  const { signal } = background;
  const platform = { fetch, now: Date.now, kv, log, signal };
  const handler = await createHandler(config, platform);
  const server = Deno.serve({
    port: config.port,
    hostname: config.host,
    onListen: ({ port, hostname }) =>
      log({ level: "info", message: "Listening", hostname, port }),
  }, handler);
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => void server.shutdown());
  }
  await server.finished;
  background.abort();
  kv?.close();
  Deno.exit(0);
} catch (error) {
  console.error(error instanceof TypeError ? error.message : error);
  Deno.exit(1);
}

function log(entry: LogEntry): void {
  console.log(JSON.stringify({ time: new Date().toISOString(), ...entry }));
}
