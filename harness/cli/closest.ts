/** Ends a refusal of a word: the candidate that was probably meant, if there is one. */
export function didYouMean(
  word: string,
  candidates: readonly string[],
  /** What stands before each candidate. */
  prefix = "",
): string {
  const [best] = candidates
    .map((it) => [it, editsBetween(word, it)] as const)
    .filter(([it, steps]) =>
      steps <= Math.ceil(word.length / 4) ||
      word.length > 1 && it.startsWith(word)
    )
    .sort(([, a], [, b]) => a - b);
  return best ? ` (did you mean ${prefix}${best[0]}?)` : "";
}

/** How many letters are added, left out, changed or swapped with the next one. */
export function editsBetween(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from(`-${b}`, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      row[j] = Math.min(
        last[j]! + 1,
        row[j - 1]! + 1,
        last[j - 1]! + (isSame ? 0 : 1),
        i > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
          ? before[j - 2]! + 1
          : Infinity,
      );
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}
