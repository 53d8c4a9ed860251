import { projectPath } from "../util/project_path.ts";
import { runTool } from "../util/run_tool.ts";
import { type Call, sign } from "./call.ts";
import type { BenchContext, Server } from "./servers.ts";

/** The figures of a round of load, as `load.lua` prints them. `errors` failed or were refused. */
type Load = Record<
  "requests" | "seconds" | "p50Us" | "p99Us" | "errors",
  number
>;

/** Sends calls in turn with `wrk`, in one thread. */
export async function runWrk(
  { url }: Server,
  { calls, seconds, connections }: {
    readonly calls: readonly Call[];
    readonly seconds: number;
    readonly connections: number;
  },
  { folder, signal }: BenchContext,
): Promise<Load> {
  const file = `${folder}/calls.tsv`;
  // Signed again for each round: a signature is valid for five minutes.
  const lines = calls.map((it) => `${sign(it)}\t${it.body}\n`);
  await Deno.writeTextFile(file, lines.join(""));
  const script = projectPath("harness/bench/load.lua");
  const { stdout, stderr } = await runTool("wrk", [
    ...["--threads=1", `--connections=${connections}`],
    ...[`--duration=${seconds}`, `--script=${script}`, url, "--", file],
  ], signal).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new Error("wrk is not installed; get it by: apt-get install wrk");
  });
  signal.throwIfAborted();
  const [output, errors] = [stdout, stderr]
    .map((it) => new TextDecoder().decode(it)) as [string, string];
  const line = /^result (.*)$/m.exec(output)?.[1];
  if (line !== undefined) return JSON.parse(line);
  throw new Error(`Cannot read wrk's output: ${(output + errors).trim()}`);
}
