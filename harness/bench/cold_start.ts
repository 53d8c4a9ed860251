import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { sleep } from "../util/sleep.ts";
import { RECORDED_LOGIN } from "./call.ts";
import { type BenchContext, startBare, startFunction } from "./servers.ts";
import { inTurn, ratios } from "./statistics.ts";
import { type Row, row } from "./table.ts";

/** How long after a reply its mapping may be written to KV, in milliseconds. */
const KV_WRITE_MS = 500;

/**
 * Measures the time from the start of a process to its first right answer, for
 * a bare server, and for the function with a warm KV and with an empty one.
 */
export async function measureColdStart(context: BenchContext): Promise<Row[]> {
  const { folder, quick, progress } = context;
  await using upstream = startUpstreamServer(RECORDED_LOGIN);
  const ZITADEL_DOMAIN = upstream.origin;
  const start = (KV_URL: string) =>
    startFunction(context, { ZITADEL_DOMAIN, KV_URL });
  const ways = {
    bare: () => startBare(context),
    warm: () => start(`${folder}/warm.db`),
    zitadel: () => start(":memory:"),
  };
  {
    await using server = ways.warm();
    await server.ready(RECORDED_LOGIN);
    await sleep(KV_WRITE_MS);
  }
  const seen = { bare: [], warm: [], zitadel: [], warmCalls: [] } as {
    [way in keyof typeof ways | "warmCalls"]: number[];
  };
  const runs = quick ? 3 : 31;
  // The first run fills the caches of Deno and of the system, and is not counted.
  for (let run = -1; run < runs; run++) {
    progress(`cold start ${run + 1} of ${runs}`);
    for (const way of inTurn(["bare", "warm", "zitadel"] as const, run + 1)) {
      const before = upstream.requests;
      await using server = ways[way]();
      const ms = await server.ready(RECORDED_LOGIN);
      if (run >= 0) seen[way].push(ms);
      if (way === "warm") seen.warmCalls.push(upstream.requests - before);
    }
  }
  const { bare, warm, zitadel, warmCalls } = seen;
  return [
    row("bare Deno.serve", "ms", bare),
    row("warm KV", "ms", warm),
    row("from ZITADEL", "ms", zitadel),
    row("warm KV, of the bare start", "x", ratios(warm, bare), { atMost: 1.9 }),
    row("from ZITADEL, of the bare start", "x", ratios(zitadel, bare), {
      atMost: 3.5,
    }),
    row("calls to ZITADEL with a warm KV", "", [Math.max(...warmCalls)], {
      atMost: 0,
    }),
  ];
}
