import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { sleep } from "../util/sleep.ts";
import { RECORDED_LOGIN } from "./call.ts";
import { type Row, rowsOf } from "./row.ts";
import { type BenchContext, startBare, startFunction } from "./servers.ts";
import { exactly, inTurn, summarize, summarizeRatio } from "./statistics.ts";

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
  const warm = `${folder}/warm.db`;
  {
    await using server = start(warm);
    await server.ready(RECORDED_LOGIN);
    await sleep(KV_WRITE_MS);
  }
  const ways = {
    bare: () => startBare(context),
    warm: () => start(warm),
    zitadel: () => start(":memory:"),
  };
  const seen = { bare: [], warm: [], zitadel: [] } as Record<
    keyof typeof ways,
    number[]
  >;
  let warmCalls = 0;
  const runs = quick ? 3 : 31;
  // The first run fills the caches of Deno and of the system, and is not counted.
  for (let run = -1; run < runs; run++) {
    progress(`cold start ${run + 1} of ${runs}`);
    const names = Object.keys(ways) as (keyof typeof ways)[];
    for (const name of inTurn(names, run + 1)) {
      const before = upstream.requests;
      await using server = ways[name]();
      const ms = await server.ready(RECORDED_LOGIN);
      if (run >= 0) seen[name].push(ms);
      if (name === "warm") warmCalls += upstream.requests - before;
    }
  }
  const row = rowsOf("First answer, from the start of the process");
  const ratio = (name: keyof typeof ways) =>
    summarizeRatio(seen[name], seen.bare);
  return [
    row("bare Deno.serve", "ms", summarize(seen.bare)),
    row("warm KV", "ms", summarize(seen.warm)),
    row("from ZITADEL", "ms", summarize(seen.zitadel)),
    row("warm KV, of the bare start", "x", ratio("warm"), { atMost: 1.9 }),
    row("from ZITADEL, of the bare start", "x", ratio("zitadel"), {
      atMost: 3.5,
    }),
    row("calls to ZITADEL with a warm KV", "", exactly(warmCalls), {
      atMost: 0,
    }),
  ];
}
