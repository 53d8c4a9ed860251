import type { LineCounts } from "./lcov.ts";

/** Lines that can run, and lines that ran. */
export interface Tally {
  readonly found: number;
  readonly hit: number;
}

/** A file and the lines of it that no test runs, in order. */
export interface Uncovered {
  readonly file: string;
  readonly lines: readonly number[];
}

/** Adds the files of each folder up: by folder, in the order of the alphabet. */
export function tallyFolders(
  files: ReadonlyMap<string, LineCounts>,
): Map<string, Tally> {
  const folders = new Map<string, Tally>();
  for (const [file, lines] of files) {
    const end = file.lastIndexOf("/");
    const folder = end < 0 ? "." : file.slice(0, end);
    folders.set(folder, add(folders.get(folder) ?? NOTHING, tally(lines)));
  }
  return new Map([...folders].sort(([a], [b]) => a < b ? -1 : 1));
}

/** Adds up the files below a folder, at any depth. */
export function tallyBelow(
  files: ReadonlyMap<string, LineCounts>,
  folder: string,
): Tally {
  return [...files].filter(([file]) => file.startsWith(`${folder}/`))
    .map(([, lines]) => tally(lines)).reduce(add, NOTHING);
}

/** Lists what no test runs below a folder. */
export function uncoveredBelow(
  files: ReadonlyMap<string, LineCounts>,
  folder: string,
): Uncovered[] {
  return [...files].filter(([file]) => file.startsWith(`${folder}/`))
    .map(([file, counts]) => ({
      file,
      lines: [...counts].filter(([, count]) => count === 0)
        .map(([line]) => line).sort((a, b) => a - b),
    }))
    .filter(({ lines }) => lines.length > 0)
    .sort((a, b) => a.file < b.file ? -1 : 1);
}

/** The share of lines that ran, from 0 to 1; 1 if there are none. */
export function shareOf({ found, hit }: Tally): number {
  return found === 0 ? 1 : hit / found;
}

/** Writes consecutive lines as a range: `3, 7-9`. */
export function formatLines(lines: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const line of lines) {
    const range = ranges.at(-1);
    if (range && line === range[1] + 1) range[1] = line;
    else ranges.push([line, line]);
  }
  return ranges.map(([first, last]) =>
    first === last ? `${first}` : `${first}-${last}`
  ).join(", ");
}

const NOTHING: Tally = { found: 0, hit: 0 };

function tally(lines: LineCounts): Tally {
  const hit = [...lines.values()].filter((count) => count > 0).length;
  return { found: lines.size, hit };
}

function add(a: Tally, b: Tally): Tally {
  return { found: a.found + b.found, hit: a.hit + b.hit };
}
