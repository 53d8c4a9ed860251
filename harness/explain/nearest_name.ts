/** At how many edits a name is no longer a misspelling of another. */
const MAX_EDITS = 2;

/** Returns the name that was probably meant: one of another case, or a few edits away. */
export function nearestName(
  name: string,
  names: Iterable<string>,
): string | undefined {
  const lower = name.toLowerCase();
  let nearest: { name: string; edits: number } | undefined;
  for (const other of new Set(names)) {
    if (Math.abs(other.length - name.length) > MAX_EDITS) continue;
    const edits = editsBetween(lower, other.toLowerCase());
    if (edits <= MAX_EDITS && edits < (nearest?.edits ?? Infinity)) {
      nearest = { name: other, edits };
    }
  }
  // Of a short name everything is a few edits away.
  return nearest && nearest.edits * 3 <= name.length ? nearest.name : undefined;
}

/** The Levenshtein distance. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, character] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      next.push(Math.min(
        next[j]! + 1,
        row[j + 1]! + 1,
        row[j]! + (character === b[j] ? 0 : 1),
      ));
    }
    row = next;
  }
  return row.at(-1)!;
}
