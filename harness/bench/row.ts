import type { LoadRow } from "./load_row.ts";
import type { Figure } from "./statistics.ts";

/** What a figure must be. */
export interface Target {
  readonly bound: "at least" | "at most" | "exactly";
  readonly value: number;
}

/** A figure, a line of the table. */
export interface Row {
  /** The measurement that it belongs to. */
  readonly group: string;
  readonly name: string;
  readonly unit: "ms" | "x" | "/s" | "us" | "MB" | "";
  /** A figure of several rounds, or a count. */
  readonly value: Figure | number;
  readonly target?: Target;
}

/** Reports whether a row reaches its target; `undefined` if it has none. */
export function isReached({ value, target }: Row): boolean | undefined {
  if (!target) return undefined;
  const seen = typeof value === "number" ? value : value.median;
  switch (target.bound) {
    case "at least":
      return seen >= target.value;
    case "at most":
      return seen <= target.value;
    case "exactly":
      return seen === target.value;
  }
}

/** Creates a lower bound. */
export const atLeast = (value: number): Target => ({
  bound: "at least",
  value,
});
/** Creates an upper bound. */
export const atMost = (value: number): Target => ({ bound: "at most", value });
/** Creates a target that allows one value. */
export const exactly = (value: number): Target => ({ bound: "exactly", value });

/** Creates a row of the requests that failed. */
export function failures(
  group: string,
  rows: readonly Pick<LoadRow, "errors">[],
): Row {
  const value = rows.reduce((sum, { errors }) => sum + errors, 0);
  return {
    group,
    name: "failed requests",
    unit: "",
    value,
    target: exactly(0),
  };
}

/** Formats a count for a name. */
export function count(number: number): string {
  return number.toLocaleString("en");
}
