/**
 * Lays out a table, the heading first and every row as long as it: the first
 * column to the left, the others to the right. Lines are indented.
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
