import { formatTable } from "../cli/table.ts";
import { tint } from "../cli/terminal.ts";
import { type Figure, summarize } from "./statistics.ts";

/** A line of the table. */
export interface Row extends Figure {
  readonly group: string;
  readonly name: string;
  readonly unit: "ms" | "us" | "x" | "/s" | "MB" | "";
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Reports whether a row reaches its target; `undefined` if it has none. */
export function isReached(
  { median, atLeast, atMost }: Row,
): boolean | undefined {
  if (atLeast !== undefined) return median >= atLeast;
  if (atMost !== undefined) return median <= atMost;
}

/** Returns what creates the rows of a group, of rounds or of what they come to. */
export function rowsOf(group: string) {
  return (
    name: string,
    unit: Row["unit"],
    figure: Figure | readonly number[],
    target: Pick<Row, "atLeast" | "atMost"> = {},
  ): Row => {
    const summed = "median" in figure ? figure : summarize(figure);
    return { group, name, unit, ...summed, ...target };
  };
}

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
      const shown = isReached(row) === false ? tint("bad", line) : line;
      const isSame = row.group === rows[index - 1]?.group;
      return isSame ? [shown] : [tint("strong", row.group), shown];
    }),
  ];
}

function cellsOf(row: Row): string[] {
  const { name, unit, median, low, high, atLeast, atMost } = row;
  const format = (number: number) => {
    if (unit === "x") return number.toFixed(2);
    if (unit === "ms") return number.toFixed(Math.abs(number) < 10 ? 2 : 1);
    return Math.round(number).toLocaleString("en");
  };
  const range = low === high ? "" : `${format(low)} - ${format(high)}`;
  const reached = isReached(row);
  if (reached === undefined) return [name, format(median), range, unit, "", ""];
  const target = atMost === undefined
    ? `at least ${atLeast}`
    : `at most ${atMost}`;
  const word = reached ? "reached" : "missed";
  return [name, format(median), range, unit, target, word];
}
