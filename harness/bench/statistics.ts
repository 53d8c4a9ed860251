/** The median of some rounds, and its 95 % confidence interval. */
export interface Figure {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** Sums up rounds. The interval is of order statistics, which assume no distribution. */
export function summarize(numbers: readonly number[]): Figure {
  const sorted = numbers.toSorted((a, b) => a - b);
  const { length } = sorted;
  const skipped = Math.max(
    0,
    Math.floor((length - 1) / 2 - 0.98 * Math.sqrt(length)),
  );
  return {
    median: quantile(sorted, 0.5),
    low: sorted[skipped]!,
    high: sorted[length - 1 - skipped]!,
  };
}

/** Returns the value below which a share of the numbers lies, interpolated. */
export function quantile(numbers: readonly number[], share: number): number {
  if (numbers.length === 0) throw new RangeError("There are no numbers");
  const sorted = numbers.toSorted((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const lower = sorted[Math.floor(position)]!;
  return lower + (sorted[Math.ceil(position)]! - lower) * (position % 1);
}

/** Sums up ratios round by round, which cancels what slows the machine for a while. */
export function summarizeRatio(
  numbers: readonly number[],
  base: readonly number[],
): Figure {
  return summarize(numbers.map((number, round) => number / base[round]!));
}

/** Like {@linkcode summarizeRatio}, for differences. */
export function summarizeDifference(
  numbers: readonly number[],
  base: readonly number[],
): Figure {
  return summarize(numbers.map((number, round) => number - base[round]!));
}

/**
 * Changes the order of a list from round to round: each item starts in turn,
 * and every second cycle runs backwards, so that no item always follows the
 * same other.
 */
export function inTurn<T>(list: readonly T[], round: number): T[] {
  const first = round % list.length;
  const turned = [...list.slice(first), ...list.slice(0, first)];
  return Math.floor(round / list.length) % 2 === 0 ? turned : turned.reverse();
}
