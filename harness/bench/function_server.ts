import { UPSTREAM_TOKEN } from "../sandbox/upstream.ts";
import { SIGNING_KEY } from "./call.ts";
import type { BenchContext } from "./context.ts";
import type { ServedUpstream } from "./served_upstream.ts";
import { ServerProcess } from "./server_process.ts";

/** Longer than any measurement, so that a mapping stays fresh. */
const FRESH_SECONDS = 3_600;

/** Long enough for a busy machine: latency is measured, not timeouts. */
const UPSTREAM_TIMEOUT_MS = 30_000;

/** Where a function's database and output are, and what it is set to beside the default. */
export interface StartOptions {
  readonly kv: string;
  readonly log: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the function as a process of its own, as `deno task start` does. */
export function startFunction(
  { origin }: Pick<ServedUpstream, "origin">,
  { kv, log, env }: StartOptions,
  { signal, entry }: BenchContext,
): ServerProcess {
  return new ServerProcess(entry, {
    env: {
      ZITADEL_DOMAIN: origin,
      AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
      ACCESS_TOKEN: UPSTREAM_TOKEN,
      CACHE_FRESH_SECONDS: String(FRESH_SECONDS),
      UPSTREAM_TIMEOUT_MS: String(UPSTREAM_TIMEOUT_MS),
      KV_URL: kv,
      ...env,
    },
    log,
    signal,
  });
}
