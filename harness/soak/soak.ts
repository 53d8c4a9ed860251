/**
 * Runs the function under everything at once: rising load, thousands of
 * organizations, events, clients that hold connections, a ZITADEL that is down
 * and one that is too slow. Afterwards everything must be as before.
 *
 * @module
 */
import {
  measureProcess,
  type ProcessFigures,
} from "../fuzz/process_figures.ts";
import { MAX_READINGS_AT_ONCE } from "../../lib/zitadel/reading_budget.ts";
import { startFunction } from "../function/function_process.ts";
import { holdConnections } from "./half_open.ts";
import {
  eventCall,
  load,
  type LoadResult,
  loginCall,
  type SoakCall,
} from "./load.ts";
import type { SoakCheck } from "./soak_check.ts";
import { soakHugeMetadata } from "./huge_metadata.ts";
import { soakUnfinishedBodies } from "./unfinished_bodies.ts";
import { startUpstreamServer } from "./upstream_server.ts";

/** A part of the soak with its figures. */
export interface SoakPhase extends LoadResult, ProcessFigures {
  readonly name: string;
}

export interface SoakResult {
  readonly phases: readonly SoakPhase[];
  readonly checks: readonly SoakCheck[];
}

export interface SoakOptions {
  /** About how long it takes in all. */
  readonly minutes: number;
  /** Called with each part's name as it starts. */
  readonly onPhase?: ((name: string) => void) | undefined;
}

const KEY = "key-of-the-soaked-target";
const UPSTREAM_TIMEOUT_MS = 1_000;
const ORGANIZATIONS = 5_000;
const CALLERS = 64;
const HELD = 300;
const OVERLOAD = 512;

/** How far memory may differ afterwards, in megabytes: V8 returns it late. */
const MEMORY_SLACK_MB = 96;
const SOCKET_SLACK = 16;
/**
 * How far the slowest hundredth may differ, in milliseconds: other programs run
 * too.
 */
const LATENCY_SLACK_MS = 50;
/**
 * How much longer than ZITADEL's deadline an answer may take, in milliseconds.
 */
const OVERLOAD_SLACK_MS = 2_000;

/** Runs a soak over loopback, the function in a process of its own. */
export async function soak(
  { minutes, onPhase }: SoakOptions,
): Promise<SoakResult> {
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
  const phases: SoakPhase[] = [];
  let count = 0;
  const hot = () => loginCall("1", KEY);
  const many = () => loginCall(`many-${count++ % ORGANIZATIONS}`, KEY);
  const cold = () => loginCall(`cold-${count++}`, KEY);
  const storm = () =>
    count++ % 2 ? eventCall(`many-${count % 50}`, KEY) : many();

  /** Each phase takes its share of the time. */
  const phase = async (
    name: string,
    options: { concurrency: number; next: () => SoakCall; share: number },
  ): Promise<SoakPhase> => {
    onPhase?.(name);
    const seconds = minutes * 60 * options.share;
    const result = await load({ ...options, url: target.url, seconds });
    const done = { name, ...result, ...await measureProcess(target.pid) };
    phases.push(done);
    return done;
  };

  await phase("warm-up", { concurrency: 64, next: many, share: 0.1 });
  await pause(2_000);
  const before = await phase("before", {
    concurrency: 8,
    next: hot,
    share: 0.08,
  });
  for (const concurrency of [32, 128, 512]) {
    await phase(`${concurrency} at once`, {
      concurrency,
      next: hot,
      share: 0.07,
    });
  }
  const organizations = await phase(`${ORGANIZATIONS} organizations`, {
    concurrency: CALLERS,
    next: many,
    share: 0.12,
  });
  const events = await phase("event storm", {
    concurrency: 32,
    next: storm,
    share: 0.08,
  });

  const halfOpen = await holdConnections(target.url, HELD);
  const held = await phase(`${HELD} half-open clients`, {
    concurrency: 8,
    next: hot,
    share: 0.1,
  });
  halfOpen.close();

  await upstream.stop();
  const away = await phase("ZITADEL down", {
    concurrency: 8,
    next: hot,
    share: 0.08,
  });
  upstream.start();
  const back = await phase("ZITADEL back", {
    concurrency: 8,
    next: cold,
    share: 0.05,
  });

  upstream.delayMs = 5 * UPSTREAM_TIMEOUT_MS;
  const beside = load({
    url: target.url,
    seconds: minutes * 60 * 0.1,
    concurrency: 4,
    next: hot,
  });
  const overload = await phase("overload, ZITADEL slow", {
    concurrency: OVERLOAD,
    next: cold,
    share: 0.1,
  });
  const besideResult = await beside;
  phases.push({
    ...overload,
    ...besideResult,
    name: "  cached organization meanwhile",
  });
  upstream.delayMs = 0;
  // Answers that are still delayed must not weigh on the next phase.
  await pause(6 * UPSTREAM_TIMEOUT_MS);
  const after = await phase("after", {
    concurrency: 8,
    next: hot,
    share: 0.08,
  });
  await pause(1_000);
  const atRest = await measureProcess(target.pid);

  const code = await target.stop();
  await upstream.stop();
  const allOk = (result: LoadResult) =>
    Object.keys(result.statuses).join() === "200";
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const bugs = phases.filter(({ statuses }) => statuses["500"]);
  const checks: SoakCheck[] = [
    {
      text: "no answer with status 500",
      holds: bugs.length === 0,
    },
    {
      text: "every call is answered with 200 if ZITADEL or the cache can",
      holds: [
        ...phases.slice(0, phases.indexOf(overload)),
        after,
        besideResult,
      ].every(allOk) && [organizations, events, away, back].every(allOk),
    },
    {
      text: `refreshes are bounded: ${
        organizations.sockets ?? "unknown"
      } sockets with ${ORGANIZATIONS} organizations`,
      // Connections to ZITADEL and from callers stay open for a while.
      holds: (organizations.sockets ?? 0) <
        2 * (CALLERS + MAX_READINGS_AT_ONCE),
    },
    {
      text: `half-open clients barely slow the others: p99 ${
        ms(before.p99)
      } before, ${ms(held.p99)} meanwhile`,
      holds: held.p99 < 2 * before.p99 + LATENCY_SLACK_MS,
    },
    {
      text: `overload is answered within ${
        ms(UPSTREAM_TIMEOUT_MS + OVERLOAD_SLACK_MS)
      }: p99 ${ms(overload.p99)}, slowest ${ms(overload.max)}`,
      holds: overload.max < UPSTREAM_TIMEOUT_MS + OVERLOAD_SLACK_MS,
    },
    {
      text: `latency is back: p50 ${ms(before.p50)} and p99 ${
        ms(before.p99)
      } before, ${ms(after.p50)} and ${ms(after.p99)} after`,
      holds: after.p50 < 2 * before.p50 + 1 &&
        after.p99 < 2 * before.p99 + LATENCY_SLACK_MS,
    },
    {
      text: `memory is back: ${before.memoryMb.toFixed(0)} MB before, ${
        atRest.memoryMb.toFixed(0)
      } MB after`,
      holds: atRest.memoryMb < before.memoryMb + MEMORY_SLACK_MB,
    },
    {
      text: `sockets are back: ${before.sockets ?? "unknown"} before, ${
        atRest.sockets ?? "unknown"
      } after`,
      holds: (atRest.sockets ?? 0) <= (before.sockets ?? 0) + SOCKET_SLACK,
    },
    { text: `drained on SIGTERM with exit code ${code}`, holds: code === 0 },
    ...await soakHugeMetadata(minutes * 60 * 0.02),
    ...await soakUnfinishedBodies(),
  ];
  return { phases, checks };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
