import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { RECORDED_LOGIN } from "./call.ts";
import { type Row, rowsOf } from "./row.ts";
import {
  type BenchContext,
  type Server,
  startBare,
  startFloor,
  startFunction,
  startGo,
} from "./servers.ts";
import { inTurn, summarizeDifference, summarizeRatio } from "./statistics.ts";
import { runWrk } from "./wrk.ts";

/** A busy ZITADEL's webhook client. */
const CONNECTIONS = 32;

/** A server's figures, round by round. */
interface Rounds {
  readonly perSecond: number[];
  readonly p50Us: number[];
  readonly p99Ms: number[];
  /** Processor time of a call; `NaN` if the system does not report it. */
  readonly cpuUs: number[];
}

/** Measures the warm function at both log levels beside the floor and the Go server. */
export async function measureThroughput(context: BenchContext): Promise<Row[]> {
  await using upstream = startUpstreamServer(RECORDED_LOGIN);
  const { origin } = upstream;
  const start = (level: string) =>
    startFunction(context, {
      origin,
      kv: `${context.folder}/${level}.db`,
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
  let failed = 0;
  const run = async (servers: Record<string, Server>, connections: number) => {
    const { rounds, errors } = await runRounds(servers, connections, context);
    failed += errors;
    return rounds;
  };
  // Warms up.
  await runRounds(servers, CONNECTIONS, { ...context, quick: true });
  const coldCalls = upstream.requests;
  const load = await run(servers, CONNECTIONS);
  const single = await run({ bare, info }, 1);
  const calls = upstream.requests - coldCalls;
  // Still right after all that.
  for (const server of [info, warn]) await server.ask(RECORDED_LOGIN);

  const row = rowsOf(`Warm calls, ${CONNECTIONS} connections`);
  const ratio = (name: string, base: string, key: keyof Rounds) =>
    summarizeRatio(load[name]![key], load[base]![key]);
  const peer = go ? "Go server" : "floor";
  const beyond = summarizeDifference(single.info!.p50Us, single.bare!.p50Us);
  return [
    ...Object.entries(load).flatMap(([name, { perSecond, cpuUs, p99Ms }]) => [
      row(`${name}: calls`, "/s", perSecond),
      row(`${name}: CPU time of a call`, "us", cpuUs),
      row(`${name}: p99`, "ms", p99Ms),
    ]),
    ...([["info", 0.8], ["warn", 0.85]] as const).map(([name, atLeast]) =>
      row(
        `${name}: calls, of the floor's`,
        "x",
        ratio(name, "floor", "perSecond"),
        { atLeast },
      )
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
    row("failed calls", "", [failed], { atMost: 0 }),
    row("calls to ZITADEL", "", [calls], { atMost: 0 }),
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
  servers: Readonly<Record<string, Server>>,
  connections: number,
  context: BenchContext,
) {
  const { quick, progress } = context;
  const count = quick ? 2 : 12;
  const load = { calls: [RECORDED_LOGIN], seconds: quick ? 1 : 2, connections };
  const rounds: Record<string, Rounds> = {};
  let errors = 0;
  for (let round = 0; round < count; round++) {
    for (const [name, server] of inTurn(Object.entries(servers), round)) {
      progress(
        `${connections} at once, round ${round + 1} of ${count}: ${name}`,
      );
      const before = await server.usage();
      const seen = await runWrk(server.url, load, context);
      const after = await server.usage();
      const cpuUs = after.cpuMicroseconds - before.cpuMicroseconds;
      const figures = rounds[name] ??= {
        perSecond: [],
        p50Us: [],
        p99Ms: [],
        cpuUs: [],
      };
      figures.perSecond.push(seen.requests / seen.seconds);
      figures.p50Us.push(seen.p50Us);
      figures.p99Ms.push(seen.p99Us / 1e3);
      figures.cpuUs.push(cpuUs / seen.requests);
      errors += seen.errors;
    }
  }
  return { rounds, errors };
}
