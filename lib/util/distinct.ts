/**
 * Drops repetitions.
 *
 * @param values The values.
 * @returns The values in order of first appearance, each once.
 */
export function distinct<T>(values: readonly T[]): readonly T[] {
  return values.length < 2 ? values : [...new Set(values)];
}
