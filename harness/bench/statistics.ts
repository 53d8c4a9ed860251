export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle];
  if (upper === undefined) {
    throw new RangeError("Cannot take the median of an empty list");
  }
  return sorted.length % 2 === 1 ? upper : (sorted[middle - 1]! + upper) / 2;
}

/**
 * Returns the median ratio of two series that were measured in turn. Comparing
 * pair by pair cancels what slows the machine for a while.
 */
export function medianRatio(
  numbers: readonly number[],
  base: readonly number[],
): number {
  if (numbers.length !== base.length) {
    throw new RangeError(
      `Cannot pair ${numbers.length} numbers with ${base.length}`,
    );
  }
  return median(numbers.map((number, index) => number / base[index]!));
}

/** A value at a point of a run. */
export interface Sample {
  /** The position in the run, from 0 to 1. */
  readonly at: number;
  readonly value: number;
}

/**
 * Returns the mean of a part of a run. The part includes its start but not its
 * end, unless that is the run's.
 */
export function meanWithin(
  samples: readonly Sample[],
  [from, to]: readonly [number, number],
): number {
  const within = samples.filter(({ at }) =>
    at >= from && (at < to || (to === 1 && at === 1))
  );
  if (within.length === 0) {
    throw new RangeError(
      `Cannot take a mean: no sample between ${from} and ${to}`,
    );
  }
  return within.reduce((sum, { value }) => sum + value, 0) / within.length;
}
