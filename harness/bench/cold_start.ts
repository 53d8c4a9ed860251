import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { sleep } from "../util/sleep.ts";
import { RECORDED_LOGIN } from "./call.ts";
import {
  type BenchContext,
  type Server,
  startBare,
  startFunction,
} from "./servers.ts";
import { ratios, takeTurns } from "./statistics.ts";
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
  const startWith = (KV_URL: string) =>
    startFunction(context, { ZITADEL_DOMAIN: upstream.origin, KV_URL });
  const time = async (starting: Server) => {
    await using server = starting;
    const before = upstream.requests;
    const ms = await server.ready(RECORDED_LOGIN);
    return { ms, calls: upstream.requests - before };
  };
  const warmKv = `${folder}/warm.db`;
  {
    await using server = startWith(warmKv);
    await server.ready(RECORDED_LOGIN);
    await sleep(KV_WRITE_MS);
  }
  const { bare, warm, zitadel } = await takeTurns({
    bare: () => time(startBare(context)),
    warm: () => time(startWith(warmKv)),
    zitadel: () => time(startWith(":memory:")),
  }, { what: "cold start", rounds: quick ? 3 : 31, progress });
  return [
    row("bare Deno.serve", "ms", bare.ms),
    row("warm KV", "ms", warm.ms),
    row("from ZITADEL", "ms", zitadel.ms),
    row("warm KV, of the bare start", "x", ratios(warm.ms, bare.ms), {
      atMost: 1.9,
    }),
    row("from ZITADEL, of the bare start", "x", ratios(zitadel.ms, bare.ms), {
      atMost: 3.5,
    }),
    row("calls to ZITADEL with a warm KV", "", [Math.max(...warm.calls)], {
      atMost: 0,
    }),
  ];
}
