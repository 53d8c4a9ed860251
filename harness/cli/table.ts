/** Lays out columns as wide as their longest cell, the rows as long as the first; lines are indented. */
export function formatColumns(
  rows: readonly (readonly string[])[],
  gap = "  ",
  pad = (cell: string, width: number, _column: number) => cell.padEnd(width),
): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0))
  );
  return rows.map((row) => {
    const cells = row.map((cell, column) => pad(cell, widths[column]!, column));
    return `  ${cells.join(gap)}`.trimEnd();
  });
}

/** Lays out a table, the heading first: names to the left, figures to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string[] {
  return formatColumns(
    rows,
    "   ",
    (cell, width, column) =>
      column === 0 ? cell.padEnd(width) : cell.padStart(width),
  );
}
