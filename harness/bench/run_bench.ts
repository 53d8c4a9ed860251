/**
 * `deno task bench`: takes the chosen measurements and judges them.
 *
 * @module
 */
import { pathToFileURL } from "node:url";
import type { Outcome } from "../cli/exit.ts";
import { type Io, printJson } from "../cli/io.ts";
import { UsageError } from "../cli/errors.ts";
import { messageOf } from "../cli/terminal.ts";
import { connectAsAdmin } from "../zitadel/connect_as_admin.ts";
import type { Instance } from "../zitadel/client.ts";
import { drawChart } from "./chart.ts";
import { measureColdStart } from "./cold_start.ts";
import { withBenchContext } from "./context.ts";
import { measureCrowd } from "./crowd.ts";
import { measureFirstLogin } from "./first_login.ts";
import { formatReport } from "./format_report.ts";
import { chooseLoadGenerator } from "./choose_load_generator.ts";
import { readMachine } from "./machine.ts";
import { measureMemory } from "./memory.ts";
import { measureRealToken } from "./real_token.ts";
import type { BenchReport, FailedMeasurement } from "./report.ts";
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
  const outcome = report.failed.length > 0
    ? "failed"
    : isMissed
    ? "warnings"
    : "done";
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
  const memory = {
    requests: memoryRequests ??
      (quick ? QUICK_MEMORY_REQUESTS : MEMORY_REQUESTS),
    organizations: ORGANIZATIONS,
  };
  const machine = readMachine();
  const generator = await chooseLoadGenerator();
  const context = {
    quick,
    entry: entry === undefined ? undefined : pathToFileURL(entry),
  };
  return await withBenchContext(io, context, async (context) => {
    const failed: FailedMeasurement[] = [];
    /** Takes a measurement if it was chosen. One that fails leaves the others standing. */
    const take = async <T>(
      name: Measurement | "zitadel",
      measure: () => Promise<T>,
    ): Promise<T | undefined> => {
      if (name !== "zitadel" && !only.has(name)) return undefined;
      try {
        return await measure();
      } catch (error) {
        context.signal.throwIfAborted();
        failed.push({ name, message: messageOf(error) });
      }
    };
    return {
      machine,
      generator: generator.name,
      quick,
      throughput: await take(
        "throughput",
        () => measureThroughput(generator, context),
      ),
      shapes: await take("shapes", () => measureShapes(generator, context)),
      scaling: await take("scaling", () => measureScaling(generator, context)),
      coldStart: await take("cold-start", () => measureColdStart(context)),
      firstLogin: await take("first-login", () => measureFirstLogin(context)),
      crowd: await take("crowd", () => measureCrowd(CROWD_SIZE, context)),
      memory: await take(
        "memory",
        () => measureMemory({ ...memory, generator }, context),
      ),
      realToken: instance &&
        await take("zitadel", () => measureRealToken(instance, context)),
      failed,
    };
  });
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
