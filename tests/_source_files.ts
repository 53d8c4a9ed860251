/** The project's folder. */
export const ROOT = new URL("../", import.meta.url);

/** Folders that hold no files of the project. */
const SKIPPED = new Set([".git", "node_modules", "coverage"]);

/** Source files of the project itself. */
const SOURCE = /\.[jt]s$/;

/** Lists the files at and below the places, relative to the project's folder, which is `""`. */
export async function sourceFiles(
  places: readonly string[],
  pattern = SOURCE,
): Promise<string[]> {
  const files: string[] = [];
  for (const place of places) {
    if (/[^/]$/.test(place)) {
      files.push(place);
      continue;
    }
    const folder = new URL(place || ".", ROOT);
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = place + name;
      if (isDirectory && !SKIPPED.has(name)) {
        files.push(...await sourceFiles([`${path}/`], pattern));
      } else if (!isDirectory && pattern.test(path)) files.push(path);
    }
  }
  return files;
}

/** Reads the files that {@linkcode sourceFiles} lists: each path and text. */
export async function readSources(
  places: readonly string[],
  pattern = SOURCE,
): Promise<[path: string, text: string][]> {
  const files = await sourceFiles(places, pattern);
  return Promise.all(
    files.map(async (path) => [path, await read(path)] as [string, string]),
  );
}

/** Reads a file of the project. */
export function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

/** Empties the lines of a source text that are comments. */
export function withoutComments(source: string): string {
  return source.replaceAll(
    /^\s*(?:\/\/.*$|\/\*[^]*?\*\/)/gm,
    (comment) => comment.replaceAll(/[^\n]/g, ""),
  );
}
