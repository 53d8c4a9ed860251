import { readSources, ROOT } from "./_source_files.ts";

/** One file's import of another file of the project. */
export interface Import {
  /** The imported file, relative to the project's folder. */
  readonly file: string;
  /** Whether the import disappears when the types are removed. */
  readonly isTypeOnly: boolean;
}

/** What each file imports, by its path relative to the project's folder. */
export type ImportGraph = ReadonlyMap<string, readonly Import[]>;

/** Statements, also as a comment's types, and calls. */
const IMPORTS =
  /^(?<comment>\/\*\* @)?(?:im|ex)port\b(?: (?<type>type) (?=[{*]))?[^;"=(]*"(?<from>\.[^"]+)"|\bimport\("(?<called>\.[^"]+)"\)/gm;

/** Reads which files of these places import which other files of the project. */
export async function readImportGraph(
  places: readonly string[],
): Promise<ImportGraph> {
  const graph = new Map<string, Import[]>();
  for (const [file, source] of await readSources(places)) {
    const url = new URL(file, ROOT);
    const imports = source.matchAll(IMPORTS).map(({ groups }) => {
      const { type, from, comment, called } = groups!;
      const { href } = new URL(from ?? called!, url);
      return {
        file: href.slice(ROOT.href.length),
        isTypeOnly: (type ?? comment) !== undefined,
      };
    });
    graph.set(file, [...imports]);
  }
  return graph;
}
