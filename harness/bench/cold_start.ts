import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { sleep } from "../util/sleep.ts";
import { RECORDED_LOGIN } from "./call.ts";
import { type Row, rowsOf } from "./row.ts";
import { type BenchContext, startBare, startFunction } from "./servers.ts";
import { inTurn, summarizeRatio } from "./statistics.ts";

/** How long after a reply its mapping may be written to KV, in milliseconds. */
const KV_WRITE_MS = 500;

/**
 * Measures the time from the start of a process to its first right answer, for
 * a bare server, and for the function with a warm KV and with an empty one.
 */
export async function measureColdStart(context: BenchContext): Promise<Row[]> {
  const { folder, quick, progress } = context;
  await using upstream = startUpstreamServer(RECORDED_LOGIN);
  const { origin } = upstream;
  const start = (kv: string) => startFunction(context, { origin, kv });
  const warmKv = `${folder}/warm.db`;
  {
    await using server = start(warmKv);
    await server.ready(RECORDED_LOGIN);
    await sleep(KV_WRITE_MS);
  }
  const bare: number[] = [];
  const warm: number[] = [];
  const zitadel: number[] = [];
  const ways = [
    { seen: bare, start: () => startBare(context) },
    { seen: warm, start: () => start(warmKv) },
    { seen: zitadel, start: () => start(":memory:") },
  ];
  let warmCalls = 0;
  const runs = quick ? 3 : 31;
  // The first run fills the caches of Deno and of the system, and is not counted.
  for (let run = -1; run < runs; run++) {
    progress(`cold start ${run + 1} of ${runs}`);
    for (const { seen, start } of inTurn(ways, run + 1)) {
      const before = upstream.requests;
      await using server = start();
      const ms = await server.ready(RECORDED_LOGIN);
      if (run >= 0) seen.push(ms);
      if (seen === warm) warmCalls += upstream.requests - before;
    }
  }
  const row = rowsOf("First answer, from the start of the process");
  return [
    row("bare Deno.serve", "ms", bare),
    row("warm KV", "ms", warm),
    row("from ZITADEL", "ms", zitadel),
    row("warm KV, of the bare start", "x", summarizeRatio(warm, bare), {
      atMost: 1.9,
    }),
    row("from ZITADEL, of the bare start", "x", summarizeRatio(zitadel, bare), {
      atMost: 3.5,
    }),
    row("calls to ZITADEL with a warm KV", "", [warmCalls], { atMost: 0 }),
  ];
}
