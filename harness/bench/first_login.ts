import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { sleep } from "../util/sleep.ts";
import { loginOf } from "./call.ts";
import { type Row, rowsOf } from "./row.ts";
import { type BenchContext, startFunction } from "./servers.ts";
import { summarizeDifference } from "./statistics.ts";

/** How long the function listens before the first login comes, in milliseconds. */
const PAUSE_MS = 1_000;

/**
 * Measures what users of organizations that are not known yet wait, at a process
 * that has listened for a second, without KV; and what that process holds.
 */
export async function measureFirstLogin(context: BenchContext): Promise<Row[]> {
  const { quick, progress, signal } = context;
  const first = loginOf("1");
  const second = loginOf("2");
  await using upstream = startUpstreamServer({
    organizations: { ...first.organizations, ...second.organizations },
  });
  const firstMs: number[] = [];
  const secondMs: number[] = [];
  const idleMb: number[] = [];
  const runs = quick ? 3 : 21;
  const options = { origin: upstream.origin, kv: ":memory:" };
  // The first run fills the caches of Deno and of the system, and is not counted.
  for (let run = -1; run < runs; run++) {
    progress(`first login ${run + 1} of ${runs}`);
    await using server = startFunction(context, options);
    await server.listening();
    await sleep(PAUSE_MS, signal);
    const { memoryMb } = await server.usage();
    const took = [await server.ask(first), await server.ask(second)] as const;
    if (run < 0) continue;
    idleMb.push(memoryMb);
    firstMs.push(took[0]);
    secondMs.push(took[1]);
  }
  const row = rowsOf("A second after the start");
  const difference = summarizeDifference(firstMs, secondMs);
  return [
    row("first login", "ms", firstMs),
    row("first login of a second organization", "ms", secondMs),
    row("the first, beyond the second's", "ms", difference, { atMost: 15 }),
    row("idle memory", "MB", idleMb, { atMost: 75 }),
  ];
}
