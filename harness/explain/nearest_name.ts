/** At how many edits a name is no longer a misspelling of another. */
const MAX_EDITS = 2;

/** Returns the name that was probably meant: of another case, or a few edits away. */
export function nearestName(
  name: string,
  names: readonly string[],
): string | undefined {
  // Of a short name everything is a few edits away.
  const allowed = Math.min(MAX_EDITS, Math.floor(name.length / 3));
  let nearest: string | undefined;
  let fewest = allowed + 1;
  for (const other of names) {
    if (Math.abs(other.length - name.length) >= fewest) continue;
    const edits = editsBetween(name.toLowerCase(), other.toLowerCase());
    if (edits < fewest) [nearest, fewest] = [other, edits];
  }
  return nearest;
}

/** The Levenshtein distance. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = row[j]! + (a[i] === b[j] ? 0 : 1);
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, replaced));
    }
    row = next;
  }
  return row.at(-1)!;
}
