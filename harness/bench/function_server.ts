import { UPSTREAM_TOKEN } from "../fixtures/upstream.ts";
import { SIGNING_KEY } from "./call.ts";
import type { BenchContext } from "./context.ts";
import type { ServedUpstream } from "./served_upstream.ts";
import { FUNCTION_SCRIPT, ServerProcess } from "./server_process.ts";

/** Longer than any measurement, so that a mapping stays fresh. */
const FRESH_SECONDS = 3_600;

/** Long enough for a busy machine: latency is measured, not timeouts. */
const UPSTREAM_TIMEOUT_MS = 30_000;

/** Starts the function in a process of its own, as `deno task start` does. */
export function startFunction(
  { origin }: ServedUpstream,
  { kv, log }: { kv: string; log: string },
  { signal }: BenchContext,
): ServerProcess {
  return new ServerProcess(FUNCTION_SCRIPT, {
    env: {
      ZITADEL_DOMAIN: origin,
      AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
      ACCESS_TOKEN: UPSTREAM_TOKEN,
      CACHE_FRESH_SECONDS: String(FRESH_SECONDS),
      UPSTREAM_TIMEOUT_MS: String(UPSTREAM_TIMEOUT_MS),
      KV_URL: kv,
    },
    log,
    signal,
  });
}
