/** A figure over the rounds of a measurement. */
export interface Figure {
  readonly median: number;
  /** The middle half of the rounds lies between these two. */
  readonly low: number;
  readonly high: number;
}

/** Sums up what the rounds of a measurement gave. */
export function summarize(numbers: readonly number[]): Figure {
  return {
    median: quantile(numbers, 0.5),
    low: quantile(numbers, 0.25),
    high: quantile(numbers, 0.75),
  };
}

/** Returns the value below which a share of the numbers lies, interpolated. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const lower = sorted[Math.floor(position)];
  const upper = sorted[Math.ceil(position)];
  if (lower === undefined || upper === undefined) {
    throw new RangeError("Cannot sum up: there are no numbers");
  }
  return lower + (upper - lower) * (position % 1);
}

/**
 * Returns the median ratio of two series that were measured in turn. Comparing
 * pair by pair cancels what slows the machine for a while.
 */
export function summarizeRatio(
  numbers: readonly number[],
  base: readonly number[],
): Figure {
  return summarize(pairs(numbers, base).map(([ours, theirs]) => ours / theirs));
}

/** Like {@linkcode summarizeRatio}, for differences. */
export function summarizeDifference(
  numbers: readonly number[],
  base: readonly number[],
): Figure {
  return summarize(pairs(numbers, base).map(([ours, theirs]) => ours - theirs));
}

function pairs(
  numbers: readonly number[],
  base: readonly number[],
): [number, number][] {
  if (numbers.length !== base.length) {
    throw new RangeError(
      `Cannot pair ${numbers.length} numbers with ${base.length}`,
    );
  }
  return numbers.map((number, index) => [number, base[index]!]);
}

/** A value at a point of a run. */
export interface Sample {
  /** The position in the run, from 0 to 1. */
  readonly at: number;
  readonly value: number;
}

/** Sums up a part of a run. */
export function summarizeWithin(
  samples: readonly Sample[],
  [from, to]: readonly [number, number],
): Figure {
  const within = samples.filter(({ at }) =>
    at >= from && (at < to || (to === 1 && at === 1))
  );
  if (within.length === 0) {
    throw new RangeError(
      `Cannot take a mean: no sample between ${from} and ${to}`,
    );
  }
  return summarize(within.map(({ value }) => value));
}
