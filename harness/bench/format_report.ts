/**
 * The tables of a bench report.
 *
 * @module
 */
import { formatTable } from "../cli/table.ts";
import { tint } from "../cli/terminal.ts";
import type { ColdStartRow } from "./cold_start.ts";
import type { Crowd } from "./crowd.ts";
import { CONNECTIONS } from "./load.ts";
import { isBusy } from "./machine.ts";
import type { Memory } from "./memory.ts";
import type { BenchReport, Verdict } from "./report.ts";
import type { Scaling } from "./scaling.ts";
import type { Throughput } from "./throughput.ts";

/** Formats a report as lines: the machine, a table for each measurement, the targets. */
export function formatReport(
  report: BenchReport,
  verdicts: readonly Verdict[],
): string[] {
  const { throughput, scaling, coldStart, crowd, memory } = report;
  return [
    ...formatMachine(report),
    ...throughput ? formatThroughput(throughput) : [],
    ...scaling ? formatScaling(scaling) : [],
    ...coldStart ? formatColdStart(coldStart) : [],
    ...crowd ? formatCrowd(crowd) : [],
    ...memory ? formatMemory(memory) : [],
    ...formatVerdicts(verdicts),
  ];
}

function formatMachine({ machine, generator, quick }: BenchReport): string[] {
  const { cpu, cores, os, deno, load } = machine;
  const doubts = [
    ...isBusy(machine)
      ? [`The machine was busy at the start (load ${load.toFixed(1)})`]
      : [],
    ...quick ? ["The rounds were short (--quick)"] : [],
  ];
  return [
    `${cpu}, ${cores} cores, ${os}, Deno ${deno}; load by ${generator}, 1 thread, ${CONNECTIONS} connections`,
    ...doubts.map((doubt) =>
      tint("warning", `${doubt}: do not judge by these figures.`)
    ),
  ];
}

function formatThroughput({ rows, cpuRatio }: Throughput): string[] {
  const table = titledTable("Throughput, warm, with a recorded login", [
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
  const cpu = cpuRatio === undefined
    ? ""
    : ` It takes ${cpuRatio.toFixed(2)} times the floor's CPU time.`;
  const note =
    `  The function writes a log line for each request, to a file; the others write none.${cpu}`;
  return [...table, tint("faint", note)];
}

function formatScaling({ entries, roles }: Scaling): string[] {
  const tables = [["Mapping", entries], ["Roles", roles]] as const;
  return tables.flatMap(([title, rows]) =>
    titledTable(`${title}, warm`, [
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
    ])
  );
}

function formatColdStart(rows: readonly ColdStartRow[]): string[] {
  return titledTable(
    "Cold start, from the start of the process to the first correct reply",
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

function formatCrowd({ requests, right, lookups, ms }: Crowd): string[] {
  return titledTable(
    `Crowd, ${whole(requests)} first calls for one organization at once`,
    [
      ["", "correct replies", "look-ups", "ms to the last"],
      ["function", whole(right), whole(lookups), ms.toFixed(0)],
    ],
  );
}

function formatMemory(memory: Memory): string[] {
  const { requests, organizations } = memory;
  return titledTable(
    `Memory, ${whole(requests)} requests of ${
      whole(organizations)
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

function formatVerdicts(verdicts: readonly Verdict[]): string[] {
  const [heading, ...rows] = formatTable([
    ["Targets", "", "", ""],
    ...verdicts.map(({ name, value, bound, target }) => [
      name,
      figure(value),
      bound,
      figure(target),
    ]),
  ]);
  return [
    `\n${tint("strong", heading!.trim())}`,
    ...verdicts.map(({ reached }, index) => {
      const state = reached ? tint("good", "reached") : tint("bad", "missed ");
      return `  ${state}${rows[index]}`;
    }),
  ];
}

function titledTable(
  title: string,
  rows: readonly (readonly string[])[],
): string[] {
  const [heading, ...lines] = formatTable(rows);
  return [`\n${tint("strong", title)}`, tint("faint", heading!), ...lines];
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
