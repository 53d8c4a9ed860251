/**
 * The edge entry: settings from the environment, Deno KV, the function, a server.
 *
 * @module
 */
import { readConfig, SETTINGS } from "./lib/config/settings.ts";
import { remarksOn } from "./lib/config/remarks.ts";
import { describeRestart, describeStartFailure } from "./lib/errors.ts";
import { createHandler } from "./lib/handler.ts";
import { openKv } from "./lib/mapping/kv_access.ts";
import { atLevel, createLog, lineWriter } from "./lib/observability/log.ts";
import { isExporting } from "./lib/observability/telemetry.ts";
import { createServices, VERSION as version } from "./lib/services.ts";
import { keepServing } from "./lib/util/keep_serving.ts";

/** How long pending log lines and KV writes may take after the last answer, in milliseconds. */
const FLUSH_MS = 100;

/**
 * How long after the start to load in the background, in milliseconds. Loading
 * takes the processor; the call that started this isolate is answered first.
 */
const PRELOAD_AFTER_MS = 250;

// OpenTelemetry takes the log from the console.
const write = isExporting() ? console.log : lineWriter(Deno.stdout);
const logAlways = createLog(write, Date.now);

try {
  const names = Object.keys(SETTINGS);
  const settings = names.map((name) => [name, Deno.env.get(name)]);
  const config = readConfig(Object.fromEntries(settings));
  const log = atLevel(config.logLevel, logAlways);
  for (const remark of remarksOn(config)) log(remark);
  const services = await createServices(config, {
    fetch,
    now: Date.now,
    deno: Deno.version.deno,
    kv: openKv(Deno.openKv, { url: config.kvUrl, log }),
    log,
  });
  const handler = createHandler(services);
  const { port, host: hostname } = config;
  const onListen = ({ hostname, port }: Deno.NetAddr) => {
    logAlways({ level: "info", message: "Listening", hostname, port, version });
    // In Deno 2.9 a process's first `setTimeout` takes 4 ms, and this none.
    AbortSignal.timeout(PRELOAD_AFTER_MS)
      .addEventListener("abort", services.preload);
  };
  const serve = () => Deno.serve({ port, hostname, onListen }, handler);
  const drain = () => server.drain();
  Deno.addSignalListener("SIGINT", drain);
  Deno.addSignalListener("SIGTERM", drain);
  const server = keepServing(serve, (error) => log(describeRestart(error)));
  await server.finished;
  setTimeout(() => Deno.exit(0), FLUSH_MS);
} catch (error) {
  console.error(describeStartFailure(error));
  Deno.exit(1);
}
