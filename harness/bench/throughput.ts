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
import { differences, ratios, takeTurns } from "./statistics.ts";
import { type Row, row } from "./table.ts";
import { runWrk } from "./wrk.ts";

/** A busy ZITADEL's webhook client. */
const CONNECTIONS = 32;

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
  const coldCalls = upstream.requests;
  const load = await loadInTurn(servers, CONNECTIONS, context);
  const single = await loadInTurn({ bare, info }, 1, context);
  const calls = upstream.requests - coldCalls;
  // Still right after all that.
  for (const server of [info, warn]) await server.ask(RECORDED_LOGIN);

  const failed = [load, single].flatMap((it) => Object.values(it))
    .flatMap(({ errors }) => errors).reduce((sum, it) => sum + it);
  const rows = [
    ...Object.entries(load).flatMap(([name, rounds]) => [
      row(`${name}: calls`, "/s", rounds.perSecond),
      row(`${name}: CPU time of a call`, "us", rounds.cpuUs),
      row(`${name}: p99`, "ms", rounds.p99Ms),
    ]),
    ...TARGETS.filter(([, base]) => base in load)
      .map(([name, base, key, what, target]) => {
        const shares = ratios(load[name]![key], load[base]![key]);
        return row(`${name}: ${what}, of the ${base}'s`, "x", shares, target);
      }),
    row("failed calls", "", [failed], { atMost: 0 }),
    row("calls to ZITADEL", "", [calls], { atMost: 0 }),
    row(
      "info, one call at a time: beyond a constant answer, p50",
      "us",
      differences(single.info!.p50Us, single.bare!.p50Us),
      { atMost: 60 },
    ),
  ];
  // Not every system reports processor time.
  return rows.filter(({ median }) => !Number.isNaN(median));
}

/** Loads servers in turn, in many short rounds. */
function loadInTurn(
  servers: Readonly<Record<string, Server>>,
  connections: number,
  context: BenchContext,
) {
  const { quick, progress } = context;
  const seconds = quick ? 1 : 2;
  const load = { calls: [RECORDED_LOGIN], seconds, connections };
  const ways = Object.entries(servers).map(([name, server]) => {
    const measure = async () => {
      const before = await server.usage();
      const round = await runWrk(server, load, context);
      const after = await server.usage();
      const cpuUs = after.cpuMicroseconds - before.cpuMicroseconds;
      return {
        perSecond: round.requests / round.seconds,
        p50Us: round.p50Us,
        p99Ms: round.p99Us / 1e3,
        // `NaN` if the system does not report it.
        cpuUs: cpuUs / round.requests,
        errors: round.errors,
      };
    };
    return [name, measure] as const;
  });
  const what = `${connections} at once`;
  const options = { what, rounds: quick ? 2 : 12, progress };
  return takeTurns(Object.fromEntries(ways), options);
}
