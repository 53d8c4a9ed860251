/**
 * `deno task bench`: takes the chosen measurements and judges them.
 *
 * @module
 */
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { UsageError } from "../cli/errors.ts";
import { measureColdStart } from "./cold_start.ts";
import { withBenchContext } from "./context.ts";
import { measureCrowd } from "./crowd.ts";
import { formatReport } from "./format_report.ts";
import { chooseLoadGenerator } from "./choose_load_generator.ts";
import { readMachine } from "./machine.ts";
import { measureMemory } from "./memory.ts";
import { type BenchReport, judgeReport } from "./report.ts";
import { measureScaling } from "./scaling.ts";
import { measureThroughput } from "./throughput.ts";

export const MEASUREMENTS = [
  "throughput",
  "scaling",
  "cold-start",
  "crowd",
  "memory",
] as const;
export type Measurement = typeof MEASUREMENTS[number];

export interface BenchOptions {
  /** What to measure. */
  readonly only: ReadonlySet<Measurement>;
  /** How many requests the memory measurement sends. */
  readonly memoryRequests?: number | undefined;
  /** Short rounds. */
  readonly quick: boolean;
  readonly json: boolean;
}

const CROWD_SIZE = 1_000;
const ORGANIZATIONS = 5_000;
const MEMORY_REQUESTS = 1_000_000;
const QUICK_MEMORY_REQUESTS = 50_000;

/** A missed target is a warning: the measuring itself is done. */
export async function runBench(
  options: BenchOptions,
  io: Io,
): Promise<Outcome> {
  const report = await measure(options, io);
  const verdicts = judgeReport(report);
  const outcome = verdicts.every(({ reached }) => reached)
    ? "done"
    : "warnings";
  if (options.json) return printJson(io, outcome, { ...report, verdicts });
  for (const line of formatReport(report, verdicts)) io.print(line);
  return outcome;
}

async function measure(
  { only, memoryRequests, quick }: BenchOptions,
  io: Io,
): Promise<BenchReport> {
  const requests = memoryRequests ??
    (quick ? QUICK_MEMORY_REQUESTS : MEMORY_REQUESTS);
  const machine = readMachine();
  const generator = await chooseLoadGenerator();
  const memory = { requests, organizations: ORGANIZATIONS, generator };
  return await withBenchContext(io, { quick }, async (context) => ({
    machine,
    generator: generator.name,
    quick,
    throughput: only.has("throughput")
      ? await measureThroughput(generator, context)
      : undefined,
    scaling: only.has("scaling")
      ? await measureScaling(generator, context)
      : undefined,
    coldStart: only.has("cold-start")
      ? await measureColdStart(context)
      : undefined,
    crowd: only.has("crowd")
      ? await measureCrowd(CROWD_SIZE, context)
      : undefined,
    memory: only.has("memory")
      ? await measureMemory(memory, context)
      : undefined,
  }));
}

/** Reads a list such as `throughput,crowd`. */
export function parseMeasurements(
  text: string,
  option: string,
): ReadonlySet<Measurement> {
  const names = text.split(",").map((name) => name.trim());
  const known = names.filter((name): name is Measurement =>
    MEASUREMENTS.some((it) => it === name)
  );
  if (known.length === names.length) return new Set(known);
  throw new UsageError(
    `${option} ${text}: expected some of ${MEASUREMENTS.join(",")}`,
  );
}
