import { editsBetween } from "../cli/closest.ts";

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
