import { formatTable } from "../cli/table.ts";
import { summarize } from "./statistics.ts";

/** A line of the table. */
export interface Row extends ReturnType<typeof summarize> {
  readonly name: string;
  readonly unit: "ms" | "us" | "x" | "/s" | "MB" | "";
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** Creates a row from its rounds. */
export function row(
  name: string,
  unit: Row["unit"],
  rounds: readonly number[],
  target: Pick<Row, "atLeast" | "atMost"> = {},
): Row {
  return { name, unit, ...summarize(rounds), ...target };
}

/** Reports whether a row reaches its target; `undefined` if it has none. */
export function isReached(
  { median, atLeast, atMost }: Row,
): boolean | undefined {
  if (atLeast !== undefined) return median >= atLeast;
  if (atMost !== undefined) return median <= atMost;
}

/** Formats rows as one table. */
export function formatRows(rows: readonly Row[]): string[] {
  const heading = ["", "median", "95 % of", "", "target", ""];
  return formatTable([heading, ...rows.map(cellsOf)]);
}

function cellsOf(row: Row): string[] {
  const { name, unit, median, low, high, atLeast, atMost } = row;
  const format = (number: number) => {
    if (unit === "x") return number.toFixed(2);
    if (unit === "ms") return number.toFixed(Math.abs(number) < 10 ? 2 : 1);
    return Math.round(number).toLocaleString("en");
  };
  const range = low === high ? "" : `${format(low)} - ${format(high)}`;
  const figures = [name, format(median), range, unit];
  const reached = isReached(row);
  if (reached === undefined) return figures;
  const bound = atLeast === undefined
    ? `at most ${atMost}`
    : `at least ${atLeast}`;
  return [...figures, bound, reached ? "reached" : "missed"];
}
