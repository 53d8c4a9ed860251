/**
 * `deno task bench`: takes the chosen measurements and judges them.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { UsageError } from "../cli/errors.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import type { Instance } from "../zitadel/client.ts";
import { drawChart } from "./chart.ts";
import { measureColdStart } from "./cold_start.ts";
import { type BenchContext, withBenchContext } from "./context.ts";
import { measureCrowd } from "./crowd.ts";
import { measureFirstLogin } from "./first_login.ts";
import { formatReport } from "./format_report.ts";
import { chooseLoadGenerator } from "./choose_load_generator.ts";
import type { LoadGenerator } from "./load.ts";
import { readMachine } from "./machine.ts";
import { measureMemory } from "./memory.ts";
import { measureRealToken } from "./real_token.ts";
import type { BenchReport } from "./report.ts";
import { isReached } from "./row.ts";
import { rowsOf } from "./rows.ts";
import { measureScaling } from "./scaling.ts";
import { measureShapes } from "./shapes.ts";
import { measureThroughput } from "./throughput.ts";

export const MEASUREMENTS = [
  "throughput",
  "shapes",
  "scaling",
  "cold-start",
  "first-login",
  "crowd",
  "memory",
] as const;
export type Measurement = typeof MEASUREMENTS[number];

export interface BenchOptions {
  /** What to measure; everything by default. */
  readonly only?: ReadonlySet<Measurement> | undefined;
  /** Whether to measure tokens of a real instance, too. */
  readonly zitadel: boolean;
  readonly envFile: string;
  /** The program of the function, if not `main.ts`. */
  readonly entry?: string | undefined;
  /** Where to write the chart. */
  readonly svg?: string | undefined;
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
  const instance = options.zitadel
    ? (await connectAsAdmin(options.envFile, io)).instance
    : undefined;
  const report = await measure(options, { io, instance });
  const rows = rowsOf(report);
  const isMissed = rows.some((row) => isReached(row) === false);
  const outcome = isMissed ? "warnings" : "done";
  if (options.svg) await Deno.writeTextFile(options.svg, drawChart(report));
  if (options.json) return printJson(io, outcome, { ...report, rows });
  for (const line of formatReport(report, rows)) io.print(line);
  return outcome;
}

async function measure(
  { only = new Set(MEASUREMENTS), quick, entry, memoryRequests }: BenchOptions,
  { io, instance }: {
    readonly io: Io;
    readonly instance: Instance | undefined;
  },
): Promise<BenchReport> {
  const requests = memoryRequests ??
    (quick ? QUICK_MEMORY_REQUESTS : MEMORY_REQUESTS);
  const machine = readMachine();
  const generator = await chooseLoadGenerator();
  const context = {
    quick,
    entry: entry === undefined ? undefined : pathToFileURL(entry),
  };
  return await withBenchContext(io, context, async (context) => ({
    machine,
    generator: generator.name,
    quick,
    ...await measureChosen(only, { generator, requests }, context),
    realToken: instance && await measureRealToken(instance, context),
  }));
}

async function measureChosen(
  only: ReadonlySet<Measurement>,
  { generator, requests }: {
    readonly generator: LoadGenerator;
    readonly requests: number;
  },
  context: BenchContext,
): Promise<Omit<BenchReport, "machine" | "generator" | "quick">> {
  const memory = { requests, organizations: ORGANIZATIONS, generator };
  return {
    throughput: only.has("throughput")
      ? await measureThroughput(generator, context)
      : undefined,
    shapes: only.has("shapes")
      ? await measureShapes(generator, context)
      : undefined,
    scaling: only.has("scaling")
      ? await measureScaling(generator, context)
      : undefined,
    coldStart: only.has("cold-start")
      ? await measureColdStart(context)
      : undefined,
    firstLogin: only.has("first-login")
      ? await measureFirstLogin(context)
      : undefined,
    crowd: only.has("crowd")
      ? await measureCrowd(CROWD_SIZE, context)
      : undefined,
    memory: only.has("memory")
      ? await measureMemory(memory, context)
      : undefined,
  };
}

/** Reads a list such as `throughput,crowd`, or `none`. */
export function parseMeasurements(
  text: string,
  option: string,
): ReadonlySet<Measurement> {
  if (text === "none") return new Set();
  const names = text.split(",").map((name) => name.trim());
  const known = names.filter((name): name is Measurement =>
    MEASUREMENTS.some((it) => it === name)
  );
  if (known.length === names.length) return new Set(known);
  throw new UsageError(
    `${option} ${text}: expected some of ${MEASUREMENTS.join(",")}`,
  );
}
