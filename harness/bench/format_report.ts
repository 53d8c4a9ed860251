import { formatTable } from "../cli/table.ts";
import { tint } from "../cli/terminal.ts";
import { CONNECTIONS } from "./load.ts";
import { isBusy } from "./machine.ts";
import type { BenchReport } from "./report.ts";
import { isReached, type Row } from "./row.ts";

/** Formats a report as lines: the machine, and one table of all figures. */
export function formatReport(
  report: BenchReport,
  rows: readonly Row[],
): string[] {
  const [heading, ...lines] = formatTable([
    ["", "median", "middle half", "", "target", ""],
    ...rows.map(cellsOf),
  ]);
  const table = lines.flatMap((line, index) => {
    const { group } = rows[index]!;
    const isFirst = group !== rows[index - 1]?.group;
    return [...isFirst ? [tint("strong", group)] : [], tinted(line)];
  });
  const failures = report.failed.map(({ name, message }) =>
    tint("bad", `${name} could not be measured: ${message}`)
  );
  return [
    ...describeMachine(report),
    "",
    tint("faint", heading!),
    ...table,
    ...failures,
  ];
}

/** Describes the machine, and why its figures may not count. */
export function describeMachine(
  { machine, generator, quick }: BenchReport,
): string[] {
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

/** Formats a number as its unit is read. */
export function formatNumber(number: number, unit: Row["unit"]): string {
  switch (unit) {
    case "x":
      return number.toFixed(2);
    case "ms":
      return number.toFixed(Math.abs(number) < 10 ? 2 : 1);
    default:
      return Math.round(number).toLocaleString("en");
  }
}

const REACHED = "reached";
const MISSED = "missed";

function cellsOf(row: Row): string[] {
  const { name, unit, value, target } = row;
  const isCount = typeof value === "number";
  const median = isCount ? value : value.median;
  const reached = isReached(row);
  return [
    name,
    formatNumber(median, unit),
    isCount
      ? ""
      : `${formatNumber(value.low, unit)} - ${formatNumber(value.high, unit)}`,
    unit,
    target
      ? `${target.bound} ${
        Number.isInteger(target.value)
          ? target.value.toLocaleString("en")
          : target.value
      }`
      : "",
    reached === undefined ? "" : reached ? REACHED : MISSED,
  ];
}

function tinted(line: string): string {
  if (line.endsWith(REACHED)) {
    return line.slice(0, -REACHED.length) + tint("good", REACHED);
  }
  if (line.endsWith(MISSED)) {
    return line.slice(0, -MISSED.length) + tint("bad", MISSED);
  }
  return line;
}
