import type { FunctionProcess } from "../function/function_process.ts";
import {
  measureProcess,
  type ProcessFigures,
} from "../fuzz/process_figures.ts";
import { sleep } from "../util/sleep.ts";
import { holdConnections } from "./half_open.ts";
import {
  eventCall,
  load,
  type LoadResult,
  loginCall,
  type SoakCall,
} from "./load.ts";
import type { UpstreamServer } from "./upstream_server.ts";

/** A phase of the soak with its figures. */
export interface SoakPhase extends LoadResult, ProcessFigures {
  readonly name: string;
}

/** The phases that are judged, all of them in order, and the process at rest. */
export interface SoakFigures {
  readonly phases: readonly SoakPhase[];
  readonly before: SoakPhase;
  readonly organizations: SoakPhase;
  readonly events: SoakPhase;
  readonly held: SoakPhase;
  readonly down: SoakPhase;
  readonly back: SoakPhase;
  readonly overload: SoakPhase;
  /** A cached organization during the overload. */
  readonly cached: SoakPhase;
  readonly after: SoakPhase;
  readonly atRest: ProcessFigures;
}

export const UPSTREAM_TIMEOUT_MS = 1_000;
export const ORGANIZATIONS = 5_000;
/** How many logins of these organizations run at once. */
export const CALLERS = 64;
const HELD = 300;
const OVERLOAD = 512;

interface SoakSubject {
  readonly upstream: UpstreamServer;
  readonly target: Pick<FunctionProcess, "url" | "pid">;
  readonly key: string;
}

/** `share` is the phase's part of the whole time. */
interface PhaseOptions {
  readonly concurrency: number;
  readonly next: () => SoakCall;
  readonly share: number;
}

/** Runs the phases one after the other. */
export async function runPhases(
  { upstream, target, key }: SoakSubject,
  { minutes, onPhase }: {
    readonly minutes: number;
    readonly onPhase?: ((name: string) => void) | undefined;
  },
): Promise<SoakFigures> {
  const calls = callsOf(key);
  const phases: SoakPhase[] = [];
  const phase = async (name: string, options: PhaseOptions) => {
    onPhase?.(name);
    const seconds = minutes * 60 * options.share;
    const result = await load({ ...options, url: target.url, seconds });
    const done = { name, ...result, ...await measureProcess(target.pid) };
    phases.push(done);
    return done;
  };
  const few = (name: string, next: () => SoakCall, share: number) =>
    phase(name, { concurrency: 8, next, share });

  await phase("warm-up", { concurrency: 64, next: calls.many, share: 0.1 });
  await sleep(2_000);
  const before = await few("before", calls.hot, 0.08);
  for (const concurrency of [32, 128, 512]) {
    const options = { concurrency, next: calls.hot, share: 0.07 };
    await phase(`${concurrency} at once`, options);
  }
  const organizations = await phase(`${ORGANIZATIONS} organizations`, {
    concurrency: CALLERS,
    next: calls.many,
    share: 0.12,
  });
  const events = await phase("event storm", {
    concurrency: 32,
    next: calls.storm,
    share: 0.08,
  });
  const halfOpen = await holdConnections(target.url, HELD);
  const held = await few(`${HELD} half-open clients`, calls.hot, 0.1);
  halfOpen.close();

  await upstream.stop();
  const down = await few("ZITADEL down", calls.hot, 0.08);
  upstream.start();
  const back = await few("ZITADEL back", calls.cold, 0.05);

  upstream.delayMs = 5 * UPSTREAM_TIMEOUT_MS;
  const share = 0.1;
  const [overload, beside] = await Promise.all([
    phase("overload, ZITADEL slow", {
      concurrency: OVERLOAD,
      next: calls.cold,
      share,
    }),
    load({
      url: target.url,
      seconds: minutes * 60 * share,
      concurrency: 4,
      next: calls.hot,
    }),
  ]);
  const name = "  cached organization meanwhile";
  const cached = { ...overload, ...beside, name };
  phases.push(cached);
  upstream.delayMs = 0;
  // Answers that are still delayed must not weigh on the next phase.
  await sleep(6 * UPSTREAM_TIMEOUT_MS);
  const after = await few("after", calls.hot, 0.08);
  await sleep(1_000);
  const atRest = await measureProcess(target.pid);
  return {
    ...{ phases, before, organizations, events, held, down, back },
    ...{ overload, cached, after, atRest },
  };
}

/** Calls for one organization, for many, for new ones, and with events. */
function callsOf(key: string): Record<
  "hot" | "many" | "cold" | "storm",
  () => SoakCall
> {
  let count = 0;
  const many = () => loginCall(`many-${count++ % ORGANIZATIONS}`, key);
  return {
    hot: () => loginCall("1", key),
    many,
    cold: () => loginCall(`cold-${count++}`, key),
    storm: () => count++ % 2 ? eventCall(`many-${count % 50}`, key) : many(),
  };
}
