/**
 * The edge entry: settings from the environment, Deno KV, the function, a server.
 *
 * @module
 */
import { readConfig, remarksOn, SETTINGS } from "./lib/config.ts";
import { createHandler } from "./lib/handler.ts";
import { keepServing } from "./lib/util/keep_serving.ts";
import { KV_OPEN_TIMEOUT_MS, kvTrouble } from "./lib/mapping/kv_trouble.ts";
import { createLog, lineWriter } from "./lib/observability/log.ts";
import { isExporting } from "./lib/observability/open_telemetry.ts";
import { abortable } from "./lib/util/abortable.ts";

// OpenTelemetry takes the log from the console.
const write = isExporting() ? console.log : lineWriter(Deno.stdout);
const log = createLog(write, Date.now);

try {
  const names = Object.keys(SETTINGS);
  const settings = names.map((name) => [name, Deno.env.get(name)]);
  const config = readConfig(Object.fromEntries(settings));
  for (const remark of remarksOn(config)) log(remark);
  const kv = await abortable(
    Deno.openKv(config.kvUrl),
    AbortSignal.timeout(KV_OPEN_TIMEOUT_MS),
  ).catch((error) => {
    log(kvTrouble("open", error));
    return undefined;
  });
  const platform = { fetch, now: Date.now, kv, log };
  const handler = await createHandler(config, platform);
  const { port, host: hostname } = config;
  const onListen = ({ hostname, port }: Deno.NetAddr) =>
    log({ level: "info", message: "Listening", hostname, port });
  const serve = () => Deno.serve({ port, hostname, onListen }, handler);
  const drain = () => server.drain();
  Deno.addSignalListener("SIGINT", drain);
  Deno.addSignalListener("SIGTERM", drain);
  const server = keepServing(serve, log);
  await server.finished;
  // What follows an answer, a line of the log or a write to KV, gets a moment.
  setTimeout(() => Deno.exit(0), 100);
} catch (error) {
  const isTaken = error instanceof Deno.errors.AddrInUse;
  if (isTaken) console.error("Cannot start: PORT is in use; set another one");
  else console.error(error instanceof TypeError ? error.message : error);
  Deno.exit(1);
}
