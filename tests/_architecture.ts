/**
 * Checks a project's imports against a layout. What is checked is a plain map
 * of file to imports, so that the checks themselves can be tested.
 *
 * @module
 */
import type { Import, ImportGraph } from "./_import_graph.ts";
import { withoutComments } from "./_source_files.ts";

/**
 * What each place may import beside itself. A place is a file, or a folder if
 * it ends with a slash; for a file, the longest place that holds it counts.
 * `type ` before a place allows its types only.
 */
export type Layout = Readonly<Record<string, readonly string[]>>;

/** Reports each import that the layout does not allow, one line each. */
export function forbiddenImports(graph: ImportGraph, layout: Layout): string[] {
  return [...graph].flatMap(([file, imports]) => {
    const place = placeOf(file, layout);
    if (place === undefined) return [`${file} is in no place of the layout`];
    const allowed = [place, ...layout[place]!];
    return imports.filter((imported) => !isAllowed(imported, allowed))
      .map((imported) =>
        `${file} imports ${imported.file}; ${place} may import: ${allowed}`
      );
  }).sort();
}

function placeOf(file: string, layout: Layout): string | undefined {
  return Object.keys(layout)
    .filter((place) => holds(place, file))
    .sort((a, b) => b.length - a.length)[0];
}

function holds(place: string, file: string): boolean {
  return place.endsWith("/") ? file.startsWith(place) : file === place;
}

function isAllowed(
  { file, isTypeOnly }: Import,
  allowed: readonly string[],
): boolean {
  return allowed.some((entry) => {
    const place = entry.replace(/^type /, "");
    return holds(place, file) && (isTypeOnly || place === entry);
  });
}

/**
 * Reports each group of files that import each other in a circle, imports of
 * types included, as one such circle.
 */
export function importCycles(graph: ImportGraph): string[] {
  const cycles: string[] = [];
  const reported = new Set<string>();
  for (const start of [...graph.keys()].sort()) {
    if (reported.has(start)) continue;
    const path = pathBack(graph, start);
    if (!path) continue;
    for (const file of path) reported.add(file);
    cycles.push([...path, start].join(" -> "));
  }
  return cycles;
}

/** The shortest way from a file along imports back to it. */
function pathBack(graph: ImportGraph, start: string): string[] | undefined {
  const paths = [[start]];
  const seen = new Set<string>();
  for (const path of paths) {
    for (const { file } of graph.get(path.at(-1)!) ?? []) {
      if (file === start) return path;
      if (seen.has(file)) continue;
      seen.add(file);
      paths.push([...path, file]);
    }
  }
}

/**
 * What code that is given its platform must not reach for by itself. Types of
 * `Deno` and its error classes may be named.
 */
const PLATFORM: Readonly<Record<string, RegExp>> = {
  "a call of Deno": /(?<!typeof )\bDeno\.(?!errors\b)[a-z]\w*/,
  "the system's clock": /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b/,
  "the console": /\bconsole\./,
  "the process's environment": /\bprocess\.env\b/,
};

/** Destructured options: then `fetch` is what the code was given. */
const GIVEN_FETCH = /\{[^{}]*\bfetch\b[^{}]*\}\s*[:=]/;
const GLOBAL_FETCH = {
  "the global fetch()": /(?<![\w.#]|typeof )fetch(?:\(|\s*[,}])/,
};

/** Reports each line of a source text that reaches for the platform. */
export function platformUses(file: string, source: string): string[] {
  const code = withoutComments(source);
  const patterns = GIVEN_FETCH.test(code)
    ? PLATFORM
    : { ...PLATFORM, ...GLOBAL_FETCH };
  return code.split("\n").flatMap((line, index) =>
    Object.entries(patterns)
      .filter(([, pattern]) => pattern.test(line))
      .map(([name]) => `${file}:${index + 1} uses ${name}: ${line.trim()}`)
  );
}
