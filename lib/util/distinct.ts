/** Drops repetitions: each value once, in order of first appearance. */
export function distinct<T>(values: readonly T[]): readonly T[] {
  return values.length < 2 ? values : [...new Set(values)];
}

/** Merges lists that have no repetitions; a single one is shared, not copied. */
export function mergeDistinct<T>(lists: readonly (readonly T[])[]) {
  return lists.length === 1 ? lists[0]! : distinct(lists.flat());
}
