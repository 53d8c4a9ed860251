import { readRecordedLogin, SIGNING_KEY } from "./call.ts";
import type { BenchContext } from "./context.ts";
import { startFunction } from "./function_server.ts";
import type { LoadGenerator } from "./load.ts";
import { type Round, runRounds } from "./rounds.ts";
import { serveUpstream } from "./served_upstream.ts";
import { BARE_SCRIPT, FLOOR_SCRIPT, ServerProcess } from "./server_process.ts";
import { median, medianRatio } from "./statistics.ts";

/** A server's figures under load: medians of the rounds. */
export interface ThroughputRow {
  readonly name: string;
  readonly requestsPerSecond: number;
  /** The median latency, in milliseconds. */
  readonly p50Ms: number;
  /** The 99th percentile of the latency, in milliseconds. */
  readonly p99Ms: number;
  /** Processor time per request, in microseconds. */
  readonly cpuPerRequest?: number | undefined;
  /** The memory at the end. */
  readonly residentBytes?: number | undefined;
  readonly errors: number;
  readonly upstreamCalls: number;
}

/** The function compared with the floor and a bare server. */
export interface Throughput {
  readonly rows: readonly ThroughputRow[];
  /** The function's throughput as a fraction of the floor's. */
  readonly throughputRatio: number;
  /** The function's p99 as a multiple of the floor's. */
  readonly p99Ratio: number;
  /** The function's processor time per request as a multiple of the floor's. */
  readonly cpuRatio?: number | undefined;
}

/**
 * Measures the warm function, the floor and a bare server with a recorded
 * login.
 */
export async function measureThroughput(
  generator: LoadGenerator,
  context: BenchContext,
): Promise<Throughput> {
  const { folder, signal, quick } = context;
  const { call, organizations, rolePermissions } = await readRecordedLogin();
  await using upstream = serveUpstream({ organizations });
  await using bare = new ServerProcess(BARE_SCRIPT, {
    env: {},
    log: `${folder}/bare.log`,
    signal,
  });
  await using floor = new ServerProcess(FLOOR_SCRIPT, {
    env: {
      AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
      ROLE_PERMISSIONS: JSON.stringify(rolePermissions),
    },
    log: `${folder}/floor.log`,
    signal,
  });
  await using function_ = startFunction(upstream, {
    kv: `${folder}/throughput.db`,
    log: `${folder}/function.log`,
  }, context);
  await bare.ready();
  await floor.ready(call);
  await function_.ready(call);
  const contenders = [
    { name: "bare", server: bare, call },
    { name: "floor", server: floor, call },
    { name: "function", server: function_, call },
  ];
  await runRounds(contenders, {
    title: "throughput, warm-up",
    rounds: 1,
    seconds: 1,
    generator,
  }, context);
  const coldCalls = upstream.requests;
  const rounds = await runRounds(contenders, {
    title: "throughput",
    rounds: quick ? 2 : 9,
    seconds: quick ? 1 : 3,
    generator,
  }, context);
  // They must still reply correctly.
  await floor.ask(call);
  await function_.ask(call);

  const series = (name: string, key: "requestsPerSecond" | "p99Ms") =>
    rounds.get(name)!.map((round) => round[key]);
  return {
    rows: contenders.map(({ name }) => ({
      ...summarizeRounds(name, rounds.get(name)!),
      upstreamCalls: name === "function" ? upstream.requests - coldCalls : 0,
    })),
    throughputRatio: medianRatio(
      series("function", "requestsPerSecond"),
      series("floor", "requestsPerSecond"),
    ),
    p99Ratio: medianRatio(
      series("function", "p99Ms"),
      series("floor", "p99Ms"),
    ),
    cpuRatio: cpuRatio(rounds.get("function")!, rounds.get("floor")!),
  };
}

/** Summarizes a contender's rounds. */
export function summarizeRounds(
  name: string,
  rounds: readonly Round[],
): Omit<ThroughputRow, "upstreamCalls"> {
  const cpu = rounds.flatMap(({ cpuPerRequest }) => cpuPerRequest ?? []);
  return {
    name,
    requestsPerSecond: median(rounds.map((round) => round.requestsPerSecond)),
    p50Ms: median(rounds.map(({ p50Ms }) => p50Ms)),
    p99Ms: median(rounds.map(({ p99Ms }) => p99Ms)),
    cpuPerRequest: cpu.length > 0 ? median(cpu) : undefined,
    residentBytes: rounds.at(-1)!.residentBytes,
    errors: rounds.reduce((sum, { errors }) => sum + errors, 0),
  };
}

function cpuRatio(
  rounds: readonly Round[],
  base: readonly Round[],
): number | undefined {
  const [ours, theirs] = [rounds, base].map((series) =>
    series.flatMap(({ cpuPerRequest }) => cpuPerRequest ?? [])
  );
  return ours!.length > 0 ? medianRatio(ours!, theirs!) : undefined;
}
