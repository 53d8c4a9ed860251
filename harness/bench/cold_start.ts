import { readRecordedLogin } from "./call.ts";
import type { BenchContext } from "./context.ts";
import { startFunction } from "./function_server.ts";
import { inTurn } from "./rounds.ts";
import { serveUpstream } from "./served_upstream.ts";
import { BARE_SCRIPT, ServerProcess } from "./server_process.ts";
import { type Figure, summarize, summarizeRatio } from "./statistics.ts";

/** How long after a reply its mapping may be written to KV, in milliseconds. */
const KV_WRITE_MS = 500;

export type ColdStartName = "bare" | "no KV" | "empty KV" | "warm KV";

/** The time from a start to the first answer. */
export interface ColdStartRow {
  readonly name: ColdStartName;
  /** From the start of the process to the first right answer, in milliseconds. */
  readonly ms: Figure;
  /** The multiple of a bare server's time. */
  readonly ratio: Figure;
  readonly upstreamCalls: number;
}

/**
 * Measures the time from the start of a process to its first right answer: for
 * a bare server, and for the function without KV, with an empty database, and
 * with one that holds the mapping.
 */
export async function measureColdStart(
  context: BenchContext,
): Promise<ColdStartRow[]> {
  const { folder, signal, quick } = context;
  const { call, organizations } = await readRecordedLogin();
  await using upstream = serveUpstream({ organizations });
  const log = `${folder}/cold_start.log`;
  const start = (kv: string) => startFunction(upstream, { kv, log }, context);

  const warm = `${folder}/warm.db`;
  {
    await using server = start(warm);
    await server.ready(call);
    await new Promise((resolve) => setTimeout(resolve, KV_WRITE_MS));
  }

  let databases = 0;
  const ways = [
    {
      name: "bare",
      start: () => new ServerProcess(BARE_SCRIPT, { env: {}, log, signal }),
    },
    // No database can be at this path.
    { name: "no KV", start: () => start(`${folder}/missing/kv.db`) },
    { name: "empty KV", start: () => start(`${folder}/${databases++}.db`) },
    { name: "warm KV", start: () => start(warm) },
  ] as const;

  const runs = quick ? 3 : 31;
  const seen = ways.map(() => ({
    ms: [] as number[],
    upstreamCalls: 0,
  }));
  // The first run fills the caches of Deno and the system, and does not count.
  for (let run = -1; run < runs; run++) {
    context.progress(
      run < 0 ? "cold start: warm-up" : `cold start ${run + 1} of ${runs}`,
    );
    for (const index of inTurn([...ways.keys()], run + 1)) {
      const way = ways[index]!;
      const before = upstream.requests;
      await using server = way.start();
      const ms = await server.ready(way.name === "bare" ? undefined : call);
      const into = seen[index]!;
      if (run < 0) continue;
      into.ms.push(ms);
      into.upstreamCalls = Math.max(
        into.upstreamCalls,
        upstream.requests - before,
      );
    }
  }
  return ways.map(({ name }, index) => {
    const { ms, upstreamCalls } = seen[index]!;
    return {
      name,
      ms: summarize(ms),
      ratio: summarizeRatio(ms, seen[0]!.ms),
      upstreamCalls,
    };
  });
}
