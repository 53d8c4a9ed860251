import type { Figure } from "./statistics.ts";

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

/** Returns what creates the rows of a group. */
export function rowsOf(group: string) {
  return (
    name: string,
    unit: Row["unit"],
    figure: Figure,
    target: Pick<Row, "atLeast" | "atMost"> = {},
  ): Row => ({ group, name, unit, ...figure, ...target });
}
