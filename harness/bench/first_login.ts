import { generateCall, readRecordedLogin } from "./call.ts";
import type { BenchContext } from "./context.ts";
import { startFunction } from "./function_server.ts";
import { serveUpstream } from "./served_upstream.ts";
import { type Figure, summarize, summarizeDifference } from "./statistics.ts";

/** How long the function listens before the first login comes, in milliseconds. */
const PAUSE_MS = 1_000;

const ENTRIES = 10;
const ROLES = 2;

/** What users of organizations that are not known yet wait, at a process that is up. */
export interface FirstLogin {
  /** The first login of the process, {@linkcode PAUSE_MS} after it listens, in milliseconds. */
  readonly firstMs: Figure;
  /** The first login of a second organization, in milliseconds. */
  readonly secondMs: Figure;
  /** A login whose mapping is in memory, in milliseconds. */
  readonly warmMs: Figure;
  /** How much longer the first takes than the second, in milliseconds. */
  readonly differenceMs: Figure;
}

/**
 * Measures the first login of a process that has listened for a second, the
 * first one of another organization after it, and that one again. There is no
 * KV: each mapping comes from ZITADEL.
 */
export async function measureFirstLogin(
  context: BenchContext,
): Promise<FirstLogin> {
  const { folder, quick, progress } = context;
  const login = await readRecordedLogin();
  const [first, second] = ["1", "2"].map((organization) =>
    generateCall(login, { organization, entries: ENTRIES, roles: ROLES })
  ) as [ReturnType<typeof generateCall>, ReturnType<typeof generateCall>];
  await using upstream = serveUpstream({
    organizations: { 1: first.known, 2: second.known },
  });
  const runs = quick ? 3 : 21;
  const seen = {
    first: [] as number[],
    second: [] as number[],
    warm: [] as number[],
  };
  // The first run fills the caches of Deno and of the system, and is not counted.
  for (let run = -1; run < runs; run++) {
    progress(`first login ${run + 1} of ${runs}`);
    await using server = startFunction(upstream, {
      kv: `${folder}/missing/kv.db`,
      log: `${folder}/first_login.log`,
    }, context);
    await server.listening();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const firstMs = await server.ask(first.call);
    const secondMs = await server.ask(second.call);
    const warmMs = await server.ask(second.call);
    if (run < 0) continue;
    seen.first.push(firstMs);
    seen.second.push(secondMs);
    seen.warm.push(warmMs);
  }
  return {
    firstMs: summarize(seen.first),
    secondMs: summarize(seen.second),
    warmMs: summarize(seen.warm),
    differenceMs: summarizeDifference(seen.first, seen.second),
  };
}
