import { formatTable } from "../cli/table.ts";
import { tint } from "../cli/terminal.ts";
import { isReached, type Row } from "./row.ts";

/** Formats rows as one table, under their groups. */
export function formatRows(rows: readonly Row[]): string[] {
  const [heading, ...lines] = formatTable([
    ["", "median", "95 % of", "", "target", ""],
    ...rows.map(cellsOf),
  ]);
  return [
    tint("faint", heading!),
    ...lines.flatMap((line, index) => {
      const row = rows[index]!;
      const color = isReached(row) === false ? "bad" : undefined;
      return [
        ...row.group === rows[index - 1]?.group
          ? []
          : [tint("strong", row.group)],
        color ? tint(color, line) : line,
      ];
    }),
  ];
}

function cellsOf(row: Row): string[] {
  const { name, unit, median, low, high, atLeast, atMost } = row;
  const format = (number: number) => formatNumber(number, unit);
  const reached = isReached(row);
  return [
    name,
    format(median),
    low === high ? "" : `${format(low)} - ${format(high)}`,
    unit,
    atLeast !== undefined
      ? `at least ${atLeast}`
      : atMost !== undefined
      ? `at most ${atMost}`
      : "",
    reached === undefined ? "" : reached ? "reached" : "missed",
  ];
}

function formatNumber(number: number, unit: Row["unit"]): string {
  if (unit === "x") return number.toFixed(2);
  if (unit === "ms") return number.toFixed(Math.abs(number) < 10 ? 2 : 1);
  return Math.round(number).toLocaleString("en");
}
