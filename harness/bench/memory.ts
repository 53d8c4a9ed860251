import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { loginOf } from "./call.ts";
import { type Row, rowsOf } from "./row.ts";
import { type BenchContext, startFunction } from "./servers.ts";
import { exactly, quantile, summarize } from "./statistics.ts";
import { runWrk } from "./wrk.ts";

const CALLS = 1_000_000;
const QUICK_CALLS = 50_000;
const ORGANIZATIONS = 5_000;
/** The length of a round of load, in seconds; memory is read after each. */
const ROUND_SECONDS = 1;
const CONNECTIONS = 32;

/** Measures the memory that the function holds while it answers many calls for many organizations. */
export async function measureMemory(context: BenchContext): Promise<Row[]> {
  const { folder, quick, progress } = context;
  const calls = Array.from(
    { length: ORGANIZATIONS },
    (_, i) => loginOf(String(i + 1)),
  );
  await using upstream = startUpstreamServer({
    organizations: Object.assign({}, ...calls.map((it) => it.organizations)),
  });
  await using server = startFunction(context, {
    origin: upstream.origin,
    kv: `${folder}/memory.db`,
  });
  await server.ready(calls[0]!);
  if (!await server.usage()) return [];
  const most = quick ? QUICK_CALLS : CALLS;
  const seen: number[] = [];
  let answered = 0;
  let errors = 0;
  while (answered < most) {
    progress(`memory: ${answered} of ${most} calls`);
    const load = { calls, seconds: ROUND_SECONDS, connections: CONNECTIONS };
    const { requests, errors: failed } = await runWrk(
      server.url,
      load,
      context,
    );
    if (requests === 0) throw new Error("No call was answered");
    answered += requests;
    errors += failed;
    seen.push((await server.usage())!.memoryMb);
  }
  const tenth = Math.ceil(seen.length / 10);
  const early = quantile(seen.slice(tenth, 2 * tenth + 1), 0.5);
  const late = seen.slice(-tenth);
  const row = rowsOf(
    `${most.toLocaleString("en")} calls of ${ORGANIZATIONS} organizations`,
  );
  const ratio = summarize(late.map((it) => it / early));
  return [
    row("memory, last tenth", "MB", summarize(late)),
    row("memory, last tenth, of the second's", "x", ratio, { atMost: 1.05 }),
    row("failed calls", "", exactly(errors), { atMost: 0 }),
  ];
}
