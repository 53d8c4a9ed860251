/**
 * Lays out a table: the first column to the left, the others to the right.
 *
 * @param rows The rows, the heading first; each as long as the heading.
 * @returns A line for each row, indented.
 */
export function formatTable(
  rows: readonly (readonly string[])[],
): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0
        ? `  ${cell.padEnd(widths[0]!)}`
        : cell.padStart(widths[column]!)
    ).join("   ").trimEnd()
  );
}
