/**
 * The edge entry: settings from the environment, Deno KV, the function, a server.
 *
 * @module
 */
import { readConfig, remarksOn, SETTINGS } from "./lib/config.ts";
import { createHandler } from "./lib/handler.ts";
import { KV_OPEN_TIMEOUT_MS, kvTrouble } from "./lib/kv_trouble.ts";
import { createLog } from "./lib/log.ts";
import { within } from "./lib/within.ts";

/**
 * How long accepted requests may take after SIGTERM or SIGINT, in milliseconds.
 * Platforms kill after 5 s; a client that never ends its request gets less.
 */
const DRAIN_MS = 4_000;

/** How long to wait before listening again where connections ran out, in milliseconds. */
const LISTEN_RETRY_MS = 200;

const log = createLog(console.log, Date.now);

try {
  const names = Object.keys(SETTINGS);
  const config = readConfig(
    Object.fromEntries(names.map((name) => [name, Deno.env.get(name)])),
  );
  for (const remark of remarksOn(config)) log(remark);
  const kv = await within(
    AbortSignal.timeout(KV_OPEN_TIMEOUT_MS),
    Deno.openKv(config.kvUrl),
  ).catch((error) => {
    log(kvTrouble("open", error));
    return undefined;
  });
  const background = new AbortController();
  const { signal } = background;
  const platform = { fetch, now: Date.now, kv, log, signal };
  const handler = await createHandler(config, platform);
  const serve = () =>
    Deno.serve({
      port: config.port,
      hostname: config.host,
      onListen: ({ port, hostname }) =>
        log({ level: "info", message: "Listening", hostname, port }),
    }, handler);
  let server = serve();
  const drain = () => {
    void server.shutdown();
    Deno.unrefTimer(setTimeout(() => Deno.exit(0), DRAIN_MS));
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const name of signals) Deno.addSignalListener(name, drain);
  for (;;) {
    try {
      await server.finished;
      break;
    } catch (error) {
      log({
        level: "error",
        message: "Cannot take more connections; listening anew",
        cause: error instanceof Error ? error.name : typeof error,
        remedy: "Raise the limit of open files, or bound the connections",
      });
      await new Promise((resolve) => setTimeout(resolve, LISTEN_RETRY_MS));
      server = serve();
    }
  }
  for (const name of signals) Deno.removeSignalListener(name, drain);
  background.abort();
  kv?.close();
} catch (error) {
  console.error(error instanceof TypeError ? error.message : error);
  Deno.exit(1);
}
