import { runTool } from "../util/run_tool.ts";
import type { BenchContext } from "./servers.ts";
import { type Call, sign } from "./call.ts";

/** Marks the script's line in the output. */
const MARK = "result ";

/** Sends calls from a file in turn, a line each: signature, tab, body. */
const SCRIPT = `
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
local calls, i = {}, 0
function init(args)
  for line in io.lines(args[1]) do
    wrk.headers["zitadel-signature"], wrk.body = line:match("^([^\\t]*)\\t(.*)$")
    calls[#calls + 1] = wrk.format()
  end
end
function request()
  i = i % #calls + 1
  return calls[i]
end
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    "${MARK}%d %d %d %d %d\\n",
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout + errors.status
  ))
end
`;

/** The figures of a round of load. */
export interface Load {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Requests that failed or were refused. */
  readonly errors: number;
}

/** Sends calls in turn with `wrk`, in one thread. */
export async function runWrk(
  url: string,
  { calls, seconds, connections }: {
    readonly calls: readonly Call[];
    readonly seconds: number;
    readonly connections: number;
  },
  { folder, signal }: BenchContext,
): Promise<Load> {
  const script = `${folder}/load.lua`;
  const file = `${folder}/calls.tsv`;
  await Deno.writeTextFile(script, SCRIPT);
  // Signed again for each round: a signature is valid for five minutes.
  const lines = calls.map(async (it) => `${await sign(it)}\t${it.body}\n`);
  await Deno.writeTextFile(file, (await Promise.all(lines)).join(""));
  const args = [
    "--threads=1",
    `--connections=${connections}`,
    `--duration=${seconds}`,
    `--script=${script}`,
    url,
    "--",
    file,
  ];
  const { stdout, stderr } = await runTool("wrk", args, signal)
    .catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new Error("wrk is not installed; get it by: apt-get install wrk");
    });
  signal.throwIfAborted();
  const decoder = new TextDecoder();
  return parseWrk(decoder.decode(stdout) + decoder.decode(stderr));
}

/** Parses the line that the script of {@linkcode runWrk} prints at the end. */
export function parseWrk(output: string): Load {
  const line = output.split("\n").find((line) => line.startsWith(MARK));
  const numbers = line?.slice(MARK.length).split(" ").map(Number) ?? [];
  const [requests, duration, p50Us, p99Us, errors] = numbers;
  if (errors === undefined || numbers.some(Number.isNaN)) {
    throw new Error(`Cannot read wrk's output: ${output.trim()}`);
  }
  return {
    requests: requests!,
    seconds: duration! / 1e6,
    p50Us: p50Us!,
    p99Us: p99Us!,
    errors,
  };
}
