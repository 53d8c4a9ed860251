import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { RECORDED_LOGIN } from "./call.ts";
import {
  type BenchContext,
  type Server,
  startBare,
  startFloor,
  startFunction,
  startGo,
} from "./servers.ts";
import { differences, inTurn, ratios } from "./statistics.ts";
import { type Row, row } from "./table.ts";
import { runWrk } from "./wrk.ts";

/** A busy ZITADEL's webhook client. */
const CONNECTIONS = 32;

interface Round {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly p99Ms: number;
  /** Processor time of a call; `NaN` if the system does not report it. */
  readonly cpuUs: number;
  readonly errors: number;
}

/** What is judged: the server, the one beside it, the figure, and its target. */
const TARGETS = [
  ["info", "floor", "perSecond", "calls", { atLeast: 0.8 }],
  ["warn", "floor", "perSecond", "calls", { atLeast: 0.85 }],
  ["info", "Go server", "cpuUs", "CPU time", { atMost: 1 }],
  ["info", "Go server", "p99Ms", "p99", { atMost: 0.4 }],
] as const;

/** Measures the warm function at both log levels beside the floor and the Go server. */
export async function measureThroughput(context: BenchContext): Promise<Row[]> {
  await using upstream = startUpstreamServer(RECORDED_LOGIN);
  const start = (LOG_LEVEL: string) =>
    startFunction(context, {
      ZITADEL_DOMAIN: upstream.origin,
      KV_URL: `${context.folder}/${LOG_LEVEL}.db`,
      LOG_LEVEL,
    });
  await using floor = startFloor(context);
  await using go = await startGo(context);
  await using info = start("info");
  await using warn = start("warn");
  await using bare = startBare(context);
  const servers = { floor, info, warn, ...go && { "Go server": go } };
  for (const server of [bare, ...Object.values(servers)]) {
    await server.ready(RECORDED_LOGIN);
  }
  // Warms up.
  await runRounds(servers, CONNECTIONS, { ...context, quick: true });
  const coldCalls = upstream.requests;
  const load = await runRounds(servers, CONNECTIONS, context);
  const single = await runRounds({ bare, info }, 1, context);
  const calls = upstream.requests - coldCalls;
  // Still right after all that.
  for (const server of [info, warn]) await server.ask(RECORDED_LOGIN);

  const failed = [load, single].flatMap((it) => Object.values(it).flat())
    .reduce((sum, { errors }) => sum + errors, 0);
  const each = (rounds: readonly Round[] | undefined, figure: keyof Round) =>
    rounds!.map((it) => it[figure]);
  const rows = [
    ...Object.entries(load).flatMap(([name, rounds]) => [
      row(`${name}: calls`, "/s", each(rounds, "perSecond")),
      row(`${name}: CPU time of a call`, "us", each(rounds, "cpuUs")),
      row(`${name}: p99`, "ms", each(rounds, "p99Ms")),
    ]),
    ...TARGETS.filter(([, base]) => base in load)
      .map(([name, base, key, what, target]) => {
        const shares = ratios(each(load[name], key), each(load[base], key));
        return row(`${name}: ${what}, of the ${base}'s`, "x", shares, target);
      }),
    row("failed calls", "", [failed], { atMost: 0 }),
    row("calls to ZITADEL", "", [calls], { atMost: 0 }),
    row(
      "info, one call at a time: beyond a constant answer, p50",
      "us",
      differences(each(single.info, "p50Us"), each(single.bare, "p50Us")),
      { atMost: 60 },
    ),
  ];
  // Not every system reports processor time.
  return rows.filter(({ median }) => !Number.isNaN(median));
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
  const rounds: Record<string, Round[]> = {};
  for (let round = 0; round < count; round++) {
    for (const [name, server] of inTurn(Object.entries(servers), round)) {
      progress(
        `${connections} at once, round ${round + 1} of ${count}: ${name}`,
      );
      const before = await server.usage();
      const seen = await runWrk(server, load, context);
      const after = await server.usage();
      (rounds[name] ??= []).push({
        perSecond: seen.requests / seen.seconds,
        p50Us: seen.p50Us,
        p99Ms: seen.p99Us / 1e3,
        cpuUs: (after.cpuMicroseconds - before.cpuMicroseconds) / seen.requests,
        errors: seen.errors,
      });
    }
  }
  return rounds;
}
