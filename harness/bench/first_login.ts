import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { sleep } from "../util/sleep.ts";
import { loginOf } from "./call.ts";
import { type Row, rowsOf } from "./row.ts";
import { type BenchContext, startFunction } from "./servers.ts";
import { summarize, summarizeDifference } from "./statistics.ts";

/** How long the function listens before the first login comes, in milliseconds. */
const PAUSE_MS = 1_000;

/**
 * Measures what users of organizations that are not known yet wait, at a process
 * that has listened for a second, without KV; and what that process holds.
 */
export async function measureFirstLogin(context: BenchContext): Promise<Row[]> {
  const { quick, progress } = context;
  const first = loginOf("1");
  const second = loginOf("2");
  await using upstream = startUpstreamServer({
    organizations: { ...first.organizations, ...second.organizations },
  });
  const firstMs: number[] = [];
  const secondMs: number[] = [];
  const idleMb: number[] = [];
  const runs = quick ? 3 : 21;
  // The first run fills the caches of Deno and of the system, and is not counted.
  for (let run = -1; run < runs; run++) {
    progress(`first login ${run + 1} of ${runs}`);
    await using server = startFunction(context, {
      origin: upstream.origin,
      kv: ":memory:",
    });
    await server.listening();
    await sleep(PAUSE_MS, context.signal);
    const usage = await server.usage();
    const took = [await server.ask(first), await server.ask(second)] as const;
    if (run < 0) continue;
    if (usage) idleMb.push(usage.memoryMb);
    firstMs.push(took[0]);
    secondMs.push(took[1]);
  }
  const row = rowsOf("A second after the start");
  const difference = summarizeDifference(firstMs, secondMs);
  return [
    row("first login", "ms", summarize(firstMs)),
    row("first login of a second organization", "ms", summarize(secondMs)),
    row("the first, beyond the second's", "ms", difference, { atMost: 15 }),
    ...idleMb.length > 0
      ? [row("idle memory", "MB", summarize(idleMb), { atMost: 75 })]
      : [],
  ];
}
