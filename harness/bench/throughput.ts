import { readRecordedLogin, SIGNING_KEY } from "./call.ts";
import type { BenchContext } from "./context.ts";
import { startFunction } from "./function_server.ts";
import type { LoadGenerator } from "./load.ts";
import {
  compareRounds,
  type LoadRatio,
  type LoadRow,
  summarizeRounds,
} from "./load_row.ts";
import { runRounds } from "./rounds.ts";
import { serveUpstream } from "./served_upstream.ts";
import { BARE_SCRIPT, FLOOR_SCRIPT, ServerProcess } from "./server_process.ts";

/** The function compared with the floor and a bare server. */
export interface Throughput {
  readonly rows: readonly LoadRow[];
  /** The function compared with the floor, with a log line for each call. */
  readonly info: LoadRatio;
  /** The same with `LOG_LEVEL=warn`. */
  readonly warn: LoadRatio;
  /** What the warm function asked ZITADEL. */
  readonly upstreamCalls: number;
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
  const start = (level: "info" | "warn") =>
    startFunction(upstream, {
      kv: `${folder}/${level}.db`,
      log: `${folder}/${level}.log`,
      env: { LOG_LEVEL: level },
    }, context);
  await using info = start("info");
  await using warn = start("warn");
  await bare.ready();
  for (const server of [floor, info, warn]) await server.ready(call);

  const contenders = [
    { name: "bare", server: bare, call },
    { name: "floor", server: floor, call },
    { name: "info", server: info, call },
    { name: "warn", server: warn, call },
  ];
  const title = "throughput";
  await runRounds(contenders, {
    title: `${title}, warm-up`,
    rounds: 1,
    seconds: 1,
    generator,
  }, context);
  const coldCalls = upstream.requests;
  const rounds = await runRounds(contenders, {
    title,
    rounds: quick ? 2 : 12,
    seconds: quick ? 1 : 2,
    generator,
  }, context);
  const upstreamCalls = upstream.requests - coldCalls;
  // Still right after all that.
  for (const server of [floor, info, warn]) await server.ask(call);

  const compared = (name: string) =>
    compareRounds(rounds.get(name)!, rounds.get("floor")!);
  return {
    rows: contenders.map(({ name }) =>
      summarizeRounds(name, rounds.get(name)!)
    ),
    info: compared("info"),
    warn: compared("warn"),
    upstreamCalls,
  };
}
