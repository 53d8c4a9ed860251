/**
 * Runs the function under everything at once: rising load, thousands of
 * organizations, events, clients that hold connections, a ZITADEL that is down
 * and one that is too slow. Afterwards everything must be as before.
 *
 * @module
 */
import { startFunction } from "../function/function_process.ts";
import { soakHugeMetadata } from "./huge_metadata.ts";
import { judgeSoak } from "./judge_soak.ts";
import { runPhases, type SoakPhase, UPSTREAM_TIMEOUT_MS } from "./phases.ts";
import type { SoakCheck } from "./soak_check.ts";
import { soakUnfinishedBodies } from "./unfinished_bodies.ts";
import { startUpstreamServer } from "./upstream_server.ts";

export interface SoakResult {
  readonly phases: readonly SoakPhase[];
  readonly checks: readonly SoakCheck[];
}

export interface SoakOptions {
  /** About how long it takes in all. */
  readonly minutes: number;
  /** Called with each phase's name as it starts. */
  readonly onPhase?: ((name: string) => void) | undefined;
}

const KEY = "key-of-the-soaked-target";

/** Runs a soak over loopback, the function in a process of its own. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const upstream = startUpstreamServer();
  await using target = await startFunction({
    env: {
      ZITADEL_DOMAIN: upstream.origin,
      AUTHORIZATION_SIGNING_KEY: KEY,
      ACCESS_TOKEN: upstream.token,
      CACHE_FRESH_SECONDS: "2",
      CACHE_STALE_SECONDS: "60",
      UPSTREAM_TIMEOUT_MS: String(UPSTREAM_TIMEOUT_MS),
      KV_URL: ":memory:",
    },
  });
  const figures = await runPhases({ upstream, target, key: KEY }, options);
  const code = await target.stop();
  await upstream.stop();
  return {
    phases: figures.phases,
    checks: [
      ...judgeSoak(figures),
      { text: `drained on SIGTERM with exit code ${code}`, holds: code === 0 },
      ...await soakHugeMetadata(options.minutes * 60 * 0.02),
      ...await soakUnfinishedBodies(),
    ],
  };
}
