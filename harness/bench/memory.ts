import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { loginOf } from "./call.ts";
import { type BenchContext, startFunction } from "./servers.ts";
import { median } from "./statistics.ts";
import { type Row, row } from "./table.ts";
import { runWrk } from "./wrk.ts";

const CALLS = 1_000_000;
const QUICK_CALLS = 50_000;
const ORGANIZATIONS = 5_000;
const CONNECTIONS = 32;

/** Measures the memory that the function holds while it answers many calls for many organizations. */
export async function measureMemory(context: BenchContext): Promise<Row[]> {
  const calls = Array.from(
    { length: ORGANIZATIONS },
    (_, i) => loginOf(String(i + 1)),
  );
  await using upstream = startUpstreamServer({
    organizations: Object.assign({}, ...calls.map((it) => it.organizations)),
  });
  await using server = startFunction(context, {
    ZITADEL_DOMAIN: upstream.origin,
    KV_URL: `${context.folder}/memory.db`,
  });
  await server.ready(calls[0]!);
  const most = context.quick ? QUICK_CALLS : CALLS;
  // Memory is read after each second.
  const load = { calls, seconds: 1, connections: CONNECTIONS };
  const seen: number[] = [];
  let answered = 0;
  let failed = 0;
  while (answered < most) {
    context.progress(`memory: ${answered} of ${most} calls`);
    const { requests, errors } = await runWrk(server, load, context);
    if (requests === 0) throw new Error("No call was answered");
    answered += requests;
    failed += errors;
    seen.push((await server.usage()).memoryMb);
  }
  const tenth = Math.ceil(seen.length / 10);
  const early = median(seen.slice(tenth, 2 * tenth + 1));
  const late = seen.slice(-tenth);
  const grown = late.map((it) => it / early);
  return [
    row(`memory, last tenth of ${most} calls`, "MB", late),
    row("memory, last tenth, of the second's", "x", grown, { atMost: 1.05 }),
    row("failed calls", "", [failed], { atMost: 0 }),
  ];
}
