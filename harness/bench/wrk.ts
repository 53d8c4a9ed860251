import { denoEnvironment, OF_TOOLS } from "../util/deno_environment.ts";
import type { BenchContext } from "./context.ts";
import { CONNECTIONS, type LoadOptions, type LoadResult } from "./load.ts";

/** Marks the script's line in the output. */
const MARK = "result ";

/**
 * Sends calls from a file, a line each: signature, tab, body. A single call is
 * sent without calling the script, several in turn.
 */
const SCRIPT = `
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"

local calls = {}

function init(args)
  for line in io.lines(args[1]) do
    local signature, body = line:match("^([^\\t]*)\\t(.*)$")
    wrk.headers["zitadel-signature"] = signature
    wrk.body = body
    calls[#calls + 1] = wrk.format()
  end
  local i = 0
  if #calls == 1 then
    local call = calls[1]
    function request() return call end
  else
    function request()
      i = i % #calls + 1
      return calls[i]
    end
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "${MARK}%d %d %d %d %d\\n",
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout + errors.status
  ))
end
`;

/** Creates load with `wrk`. */
export async function runWrk(
  { url, calls, seconds }: LoadOptions,
  { folder, signal }: BenchContext,
): Promise<LoadResult> {
  const script = `${folder}/load.lua`;
  const file = `${folder}/calls.tsv`;
  await Deno.writeTextFile(script, SCRIPT);
  await Deno.writeTextFile(
    file,
    calls.map(({ signature, body }) => `${signature}\t${body}\n`).join(""),
  );
  const { stdout, stderr } = await new Deno.Command("wrk", {
    args: [
      "--threads=1",
      `--connections=${CONNECTIONS}`,
      `--duration=${seconds}`,
      `--script=${script}`,
      url,
      "--",
      file,
    ],
    clearEnv: true,
    env: denoEnvironment(Deno.env.toObject(), OF_TOOLS),
    signal,
  }).output();
  signal.throwIfAborted();
  const decoder = new TextDecoder();
  return parseWrk(decoder.decode(stdout) + decoder.decode(stderr));
}

/** Parses the line that the script of {@linkcode runWrk} prints at the end. */
export function parseWrk(output: string): LoadResult {
  const line = output.split("\n").find((line) => line.startsWith(MARK));
  const numbers = line?.slice(MARK.length).split(" ").map(Number) ?? [];
  const [requests, duration, p50, p99, errors] = numbers;
  if (errors === undefined || numbers.some(Number.isNaN)) {
    throw new Error(`Cannot read wrk's output: ${output.trim()}`);
  }
  return {
    requests: requests!,
    seconds: duration! / 1e6,
    p50Ms: p50! / 1e3,
    p99Ms: p99! / 1e3,
    errors,
  };
}
