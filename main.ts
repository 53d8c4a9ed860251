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
  const drain = () => void server.shutdown();
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const name of signals) Deno.addSignalListener(name, drain);
  const server = Deno.serve({
    port: config.port,
    hostname: config.host,
    onListen: ({ port, hostname }) =>
      log({ level: "info", message: "Listening", hostname, port }),
  }, handler);
  await server.finished;
  for (const name of signals) Deno.removeSignalListener(name, drain);
  background.abort();
  kv?.close();
} catch (error) {
  console.error(error instanceof TypeError ? error.message : error);
  Deno.exit(1);
}
