import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { loginOf } from "./call.ts";
import { type Row, rowsOf } from "./row.ts";
import { type BenchContext, startFunction } from "./servers.ts";
import { quantile } from "./statistics.ts";
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
  const { origin } = upstream;
  const kv = `${folder}/memory.db`;
  await using server = startFunction(context, { origin, kv });
  await server.ready(calls[0]!);
  const most = quick ? QUICK_CALLS : CALLS;
  const load = { calls, seconds: ROUND_SECONDS, connections: CONNECTIONS };
  const seen: number[] = [];
  let answered = 0;
  let failed = 0;
  while (answered < most) {
    progress(`memory: ${answered} of ${most} calls`);
    const { requests, errors } = await runWrk(server.url, load, context);
    if (requests === 0) throw new Error("No call was answered");
    answered += requests;
    failed += errors;
    seen.push((await server.usage()).memoryMb);
  }
  const tenth = Math.ceil(seen.length / 10);
  const early = quantile(seen.slice(tenth, 2 * tenth + 1), 0.5);
  const late = seen.slice(-tenth);
  const ratios = late.map((it) => it / early);
  const row = rowsOf(
    `${most.toLocaleString("en")} calls of ${ORGANIZATIONS} organizations`,
  );
  return [
    row("memory, last tenth", "MB", late),
    row("memory, last tenth, of the second's", "x", ratios, { atMost: 1.05 }),
    row("failed calls", "", [failed], { atMost: 0 }),
  ];
}
