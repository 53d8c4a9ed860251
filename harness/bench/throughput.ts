import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { RECORDED_LOGIN } from "./call.ts";
import { type Row, rowsOf } from "./row.ts";
import type { ServerProcess } from "./server_process.ts";
import {
  type BenchContext,
  startBare,
  startFloor,
  startFunction,
  startGo,
} from "./servers.ts";
import {
  exactly,
  inTurn,
  summarize,
  summarizeDifference,
  summarizeRatio,
} from "./statistics.ts";
import { runWrk } from "./wrk.ts";

/** A busy ZITADEL's webhook client. */
const CONNECTIONS = 32;

/** A server's figures of one round. */
interface Round {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Ms: number;
  /** Processor time of a call; `NaN` if the system does not report it. */
  readonly cpuUs: number;
  readonly errors: number;
}

/** Measures the warm function at both log levels beside the floor and the Go server. */
export async function measureThroughput(context: BenchContext): Promise<Row[]> {
  const { folder, progress } = context;
  await using upstream = startUpstreamServer(RECORDED_LOGIN);
  const start = (level: string) =>
    startFunction(context, {
      origin: upstream.origin,
      kv: `${folder}/${level}.db`,
      env: { LOG_LEVEL: level },
    });
  await using floor = startFloor(context);
  await using go = await startGo(context);
  await using info = start("info");
  await using warn = start("warn");
  await using bare = startBare(context);
  const servers = { floor, ...go && { "Go server": go }, info, warn };
  for (const server of [bare, ...Object.values(servers)]) {
    await server.ready(RECORDED_LOGIN);
  }
  progress("throughput: warm-up");
  await runRounds(servers, { rounds: 1, connections: CONNECTIONS }, context);
  const coldCalls = upstream.requests;
  const rounds = context.quick ? 2 : 12;
  const load = await runRounds(
    servers,
    { rounds, connections: CONNECTIONS },
    context,
  );
  const single = await runRounds(
    { bare, info },
    { rounds, connections: 1 },
    context,
  );
  const calls = upstream.requests - coldCalls;
  // Still right after all that.
  for (const server of [info, warn]) await server.ask(RECORDED_LOGIN);

  const row = rowsOf(`Warm calls, ${CONNECTIONS} connections`);
  const of = (name: string, key: keyof Round) =>
    load[name]!.map((it) => it[key]);
  const ratio = (name: string, base: string, key: keyof Round) =>
    summarizeRatio(of(name, key), of(base, key));
  const peer = go ? "Go server" : "floor";
  const errors = Object.values(load).flat()
    .reduce((sum, it) => sum + it.errors, 0);
  const beyond = summarizeDifference(
    single.info!.map((it) => it.p50Us),
    single.bare!.map((it) => it.p50Us),
  );
  return [
    ...Object.keys(servers).flatMap((name) => [
      row(`${name}: calls`, "/s", summarize(of(name, "perSecond"))),
      row(`${name}: CPU time of a call`, "us", summarize(of(name, "cpuUs"))),
      row(`${name}: p99`, "ms", summarize(of(name, "p99Ms"))),
    ]),
    row(
      "info: calls, of the floor's",
      "x",
      ratio("info", "floor", "perSecond"),
      { atLeast: 0.8 },
    ),
    row(
      "warn: calls, of the floor's",
      "x",
      ratio("warn", "floor", "perSecond"),
      { atLeast: 0.85 },
    ),
    row(
      `info: CPU time, of the ${peer}'s`,
      "x",
      ratio("info", peer, "cpuUs"),
      go && { atMost: 1 },
    ),
    row(
      `info: p99, of the ${peer}'s`,
      "x",
      ratio("info", peer, "p99Ms"),
      go && { atMost: 0.4 },
    ),
    row("failed calls", "", exactly(errors), { atMost: 0 }),
    row("calls to ZITADEL", "", exactly(calls), { atMost: 0 }),
    rowsOf("Warm calls, one at a time")(
      "info: beyond a constant answer, p50",
      "us",
      beyond,
      { atMost: 60 },
    ),
  ].filter(({ median }) => !Number.isNaN(median));
}

/**
 * Loads servers in turn, in many short rounds and changing order, so that other
 * activity on the machine affects all of them alike.
 */
async function runRounds(
  servers: Readonly<Record<string, ServerProcess>>,
  { rounds, connections }: {
    readonly rounds: number;
    readonly connections: number;
  },
  context: BenchContext,
): Promise<Record<string, Round[]>> {
  const results: Record<string, Round[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, server] of inTurn(Object.entries(servers), round)) {
      context.progress(
        `${connections} at once, round ${round + 1} of ${rounds}: ${name}`,
      );
      const before = await server.usage();
      const load = await runWrk(server.url, {
        calls: [RECORDED_LOGIN],
        seconds: context.quick ? 1 : 2,
        connections,
      }, context);
      const after = await server.usage();
      const cpu = (after?.cpuMicroseconds ?? NaN) -
        (before?.cpuMicroseconds ?? NaN);
      (results[name] ??= []).push({
        perSecond: load.requests / load.seconds,
        p50Us: load.p50Us,
        p99Ms: load.p99Us / 1e3,
        cpuUs: cpu / load.requests,
        errors: load.errors,
      });
    }
  }
  return results;
}
