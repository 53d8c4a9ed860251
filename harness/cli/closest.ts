/** At how many edits a name is no longer a misspelling of another. */
const MAX_EDITS = 2;

/** Returns the name that was probably meant: of another case, or a few edits away. */
export function nearestName(
  name: string,
  names: readonly string[],
): string | undefined {
  // Of a short name everything is a few edits away.
  let allowed = Math.min(MAX_EDITS, Math.floor(name.length / 3));
  let nearest: string | undefined;
  for (const other of names) {
    if (Math.abs(other.length - name.length) > allowed) continue;
    const edits = editsBetween(name.toLowerCase(), other.toLowerCase());
    if (edits <= allowed) [nearest, allowed] = [other, edits - 1];
  }
  return nearest;
}

/** Ends a refusal of a word: the candidate that was probably meant, if there is one. */
export function didYouMean(
  word: string,
  candidates: readonly string[],
  /** What stands before each candidate. */
  prefix = "",
): string {
  const best = nearestName(word, candidates) ??
    (word.length > 1 && candidates.find((it) => it.startsWith(word)));
  return best ? ` (did you mean ${prefix}${best}?)` : "";
}

/** How many letters are added, left out, changed or swapped with the next one. */
function editsBetween(a: string, b: string): number {
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
