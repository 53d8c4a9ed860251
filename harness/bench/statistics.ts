/**
 * Returns the median of some rounds, and its 95 % confidence interval: that of order
 * statistics, which assume no distribution.
 */
export function summarize(numbers: readonly number[]) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const margin = 0.98 * Math.sqrt(sorted.length);
  const skipped = Math.max(0, Math.floor(middle - margin));
  return {
    median: median(sorted),
    low: sorted[skipped]!,
    high: sorted.at(-1 - skipped)!,
  };
}

export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

/** Divides round by round, which cancels what slows the machine for a while. */
export function ratios(
  numbers: readonly number[],
  base: readonly number[],
): number[] {
  return numbers.map((number, round) => number / base[round]!);
}

/** Like {@linkcode ratios}, for differences. */
export function differences(
  numbers: readonly number[],
  base: readonly number[],
): number[] {
  return numbers.map((number, round) => number - base[round]!);
}

/**
 * Takes measurements in turn, round by round, so that other activity on the
 * machine affects all of them alike. The first round fills caches, and is not
 * counted. Returns what each way measured, round by round, by figure.
 */
export async function takeTurns<Name extends string, Figure extends string>(
  ways: Readonly<Record<Name, () => Promise<Record<Figure, number>>>>,
  { what, rounds, progress }: {
    readonly what: string;
    readonly rounds: number;
    readonly progress: (text: string) => void;
  },
): Promise<Record<Name, Record<Figure, number[]>>> {
  const names = Object.keys(ways) as Name[];
  const taken = Object.fromEntries(names.map((name) => [name, {}])) as Record<
    Name,
    Record<Figure, number[]>
  >;
  for (let round = 0; round <= rounds; round++) {
    for (const name of inTurn(names, round)) {
      progress(`${what}, round ${round} of ${rounds}: ${name}`);
      const figures = await ways[name]();
      if (round === 0) continue;
      for (const figure of Object.keys(figures) as Figure[]) {
        (taken[name][figure] ??= []).push(figures[figure]);
      }
    }
  }
  return taken;
}

/**
 * Changes the order of a list from round to round: each item starts in turn,
 * and every second cycle runs backwards, so that no item always follows the
 * same other.
 */
function inTurn<T>(list: readonly T[], round: number): T[] {
  const first = round % list.length;
  const turned = [...list.slice(first), ...list.slice(0, first)];
  return Math.floor(round / list.length) % 2 === 0 ? turned : turned.reverse();
}
