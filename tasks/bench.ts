/**
 * `deno task bench`: how fast the function is, beside what the platform can do.
 *
 * @module
 */
import { parseArgs } from "node:util";
import type { ColdStartRow } from "../harness/bench/cold_start.ts";
import { measureColdStart } from "../harness/bench/cold_start.ts";
import { withBenchContext } from "../harness/bench/context.ts";
import { type Crowd, measureCrowd } from "../harness/bench/crowd.ts";
import { chooseLoadGenerator } from "../harness/bench/choose_load_generator.ts";
import { CONNECTIONS } from "../harness/bench/load.ts";
import { isBusy, readMachine } from "../harness/bench/machine.ts";
import { measureMemory, type Memory } from "../harness/bench/memory.ts";
import {
  type BenchReport,
  judgeReport,
  type Verdict,
} from "../harness/bench/report.ts";
import { measureScaling, type Scaling } from "../harness/bench/scaling.ts";
import { formatTable } from "../harness/cli/table.ts";
import {
  measureThroughput,
  type Throughput,
} from "../harness/bench/throughput.ts";
import { runTask, UsageError } from "../harness/cli/task.ts";
import { tint } from "../harness/cli/terminal.ts";

const HELP =
  `Measures the function beside what the platform can do, on this machine alone.

  deno task bench [options]

  throughput   the warm function, a floor that checks the signature, parses and
               looks up without anything else, and a bare Deno.serve, in turn
  scaling      mappings of 10, 1,000 and 10,000 entries; 1, 10 and 100 roles
  cold-start   from the start of a process to its first right answer
  crowd        1,000 first calls for one organization at once
  memory       what the function holds over a million requests of 5,000
               organizations

  --only A,B             measure only these
  --memory-requests N    so many requests in place of a million
  --quick                short rounds: to try it, not to judge by
  --json                 print one JSON document
  --help                 print this

Takes about 6 minutes, and wants the machine for itself. Load comes from wrk
where that is installed, else from autocannon. Parts of the function are timed
by: deno bench

Exits with 1 where a target is missed.`;

const MEASUREMENTS = [
  "throughput",
  "scaling",
  "cold-start",
  "crowd",
  "memory",
] as const;
type Measurement = typeof MEASUREMENTS[number];

const CROWD_SIZE = 1_000;
const ORGANIZATIONS = 5_000;
const MEMORY_REQUESTS = 1_000_000;
const QUICK_MEMORY_REQUESTS = 50_000;

/**
 * Runs the task.
 *
 * @param args The command line.
 * @returns The exit code: 0 done, 1 a target missed.
 */
async function bench(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", default: MEASUREMENTS.join(",") },
      "memory-requests": { type: "string" },
      quick: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const { quick, json } = values;
  const chosen = parseMeasurements(values.only);
  const requests = parseCount(
    values["memory-requests"] ??
      String(quick ? QUICK_MEMORY_REQUESTS : MEMORY_REQUESTS),
  );
  const machine = readMachine();
  const generator = await chooseLoadGenerator();
  const report = await withBenchContext(
    async (context): Promise<BenchReport> => ({
      machine,
      generator: generator.name,
      quick,
      throughput: chosen.has("throughput")
        ? await measureThroughput(generator, context)
        : undefined,
      scaling: chosen.has("scaling")
        ? await measureScaling(generator, context)
        : undefined,
      coldStart: chosen.has("cold-start")
        ? await measureColdStart(context)
        : undefined,
      crowd: chosen.has("crowd")
        ? await measureCrowd(CROWD_SIZE, context)
        : undefined,
      memory: chosen.has("memory")
        ? await measureMemory(
          { requests, organizations: ORGANIZATIONS, generator },
          context,
        )
        : undefined,
    }),
    { quick },
  );
  const verdicts = judgeReport(report);
  if (json) console.log(JSON.stringify({ ...report, verdicts }, null, 2));
  else printReport(report, verdicts);
  return verdicts.every(({ reached }) => reached) ? 0 : 1;
}

function parseMeasurements(text: string): Set<Measurement> {
  const names = text.split(",").map((name) => name.trim());
  const isKnown = (name: string): name is Measurement =>
    MEASUREMENTS.includes(name as Measurement);
  const unknown = names.filter((name) => !isKnown(name));
  if (unknown.length > 0) {
    throw new UsageError(
      `--only ${text}: expected some of ${MEASUREMENTS.join(",")}`,
    );
  }
  return new Set(names.filter(isKnown));
}

function parseCount(text: string): number {
  if (/^[1-9][0-9]{0,8}$/.test(text)) return Number(text);
  throw new UsageError(`--memory-requests ${text}: expected a whole number`);
}

function printReport(
  report: BenchReport,
  verdicts: readonly Verdict[],
): void {
  const { machine, generator, quick } = report;
  console.log(
    `${machine.cpu}, ${machine.cores} cores, ${machine.os}, Deno ${machine.deno}; load by ${generator}, 1 thread, ${CONNECTIONS} connections`,
  );
  const doubts = [
    isBusy(machine) &&
    `The machine was busy when this began (load ${machine.load.toFixed(1)})`,
    quick && "The rounds were short (--quick)",
  ].filter(Boolean);
  for (const doubt of doubts) {
    console.log(tint("warning", `${doubt}: nothing to judge by.`));
  }
  if (report.throughput) printThroughput(report.throughput);
  if (report.scaling) printScaling(report.scaling);
  if (report.coldStart) printColdStart(report.coldStart);
  if (report.crowd) printCrowd(report.crowd);
  if (report.memory) printMemory(report.memory);
  printVerdicts(verdicts);
}

function printThroughput({ rows, cpuRatio }: Throughput): void {
  printTable("Throughput, warm, with a recorded login", [
    [
      "",
      "requests/s",
      "p50 ms",
      "p99 ms",
      "CPU us/request",
      "memory MB",
      "errors",
      "upstream calls",
    ],
    ...rows.map((row) => [
      row.name,
      whole(row.requestsPerSecond),
      row.p50Ms.toFixed(2),
      row.p99Ms.toFixed(2),
      row.cpuPerRequest?.toFixed(1) ?? "-",
      megabytes(row.residentBytes),
      whole(row.errors),
      row.name === "function" ? whole(row.upstreamCalls) : "-",
    ]),
  ]);
  console.log(tint(
    "faint",
    `  The function writes a log line for each request, to a file; the others none.${
      cpuRatio === undefined
        ? ""
        : ` It takes ${cpuRatio.toFixed(2)} of the floor's CPU time.`
    }`,
  ));
}

function printScaling({ entries, roles }: Scaling): void {
  for (
    const [title, rows] of [["Mapping", entries], ["Roles", roles]] as const
  ) {
    printTable(`${title}, warm`, [
      [
        "",
        "payload B",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "CPU us/request",
        "ratio",
      ],
      ...rows.map((row) => [
        row.name,
        whole(row.payloadBytes),
        whole(row.requestsPerSecond),
        row.p50Ms.toFixed(2),
        row.p99Ms.toFixed(2),
        row.cpuPerRequest?.toFixed(1) ?? "-",
        row.ratio.toFixed(2),
      ]),
    ]);
  }
}

function printColdStart(rows: readonly ColdStartRow[]): void {
  printTable(
    "Cold start, from the start of the process to the first right answer",
    [
      ["", "median ms", "least ms", "ratio", "upstream calls"],
      ...rows.map((row) => [
        row.name === "bare" ? row.name : `function, ${row.name}`,
        row.medianMs.toFixed(0),
        row.minMs.toFixed(0),
        row.ratio.toFixed(2),
        row.name === "bare" ? "-" : whole(row.upstreamCalls),
      ]),
    ],
  );
}

function printCrowd({ requests, right, lookups, ms }: Crowd): void {
  printTable(
    `Crowd, ${whole(requests)} first calls for one organization at once`,
    [
      ["", "right answers", "look-ups", "ms to the last"],
      ["function", whole(right), whole(lookups), ms.toFixed(0)],
    ],
  );
}

function printMemory(memory: Memory): void {
  printTable(
    `Memory, ${whole(memory.requests)} requests of ${
      whole(memory.organizations)
    } organizations`,
    [
      ["", "second tenth MB", "last tenth MB", "most MB", "ratio", "errors"],
      [
        "function",
        megabytes(memory.secondTenthBytes),
        megabytes(memory.lastTenthBytes),
        megabytes(memory.peakBytes),
        memory.ratio.toFixed(3),
        whole(memory.errors),
      ],
    ],
  );
}

function printVerdicts(verdicts: readonly Verdict[]): void {
  const rows = formatTable([
    ["Targets", "", "", ""],
    ...verdicts.map(({ name, value, bound, target }) => [
      name,
      figure(value),
      bound,
      figure(target),
    ]),
  ]);
  console.log(`\n${tint("strong", rows[0]!.trim())}`);
  for (const [index, { reached }] of verdicts.entries()) {
    const state = reached ? tint("good", "reached") : tint("bad", "missed ");
    console.log(`  ${state}${rows[index + 1]}`);
  }
}

function printTable(
  title: string,
  rows: readonly (readonly string[])[],
): void {
  const [heading, ...lines] = formatTable(rows);
  console.log(`\n${tint("strong", title)}`);
  console.log(tint("faint", heading!));
  for (const line of lines) console.log(line);
}

function figure(number: number): string {
  return Number.isInteger(number) ? whole(number) : number.toFixed(2);
}

function whole(number: number): string {
  return Math.round(number).toLocaleString("en");
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? "-" : (bytes / 1e6).toFixed(0);
}

if (import.meta.main) await runTask(bench);
