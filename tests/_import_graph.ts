import { fileURLToPath } from "node:url";
import { ROOT, sourceFiles } from "./_source_files.ts";

/** One file's import of another file of the project. */
export interface Import {
  /** The imported file, relative to the project's folder. */
  readonly file: string;
  /** Whether the import disappears when the types are removed. */
  readonly isTypeOnly: boolean;
}

/** What each file imports, by its path relative to the project's folder. */
export type ImportGraph = ReadonlyMap<string, readonly Import[]>;

interface DenoInfo {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly type?: { readonly specifier?: string };
    }[];
  }[];
}

/**
 * Reads which files of the project import which others. `deno info` parses
 * them, so text in comments and strings does not count, and imports of types
 * and dynamic imports do.
 */
export async function readImportGraph(
  places: readonly string[],
): Promise<ImportGraph> {
  const roots = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const imports = (await sourceFiles(places)).map((file) =>
      `import ${JSON.stringify(new URL(file, ROOT).href)};\n`
    );
    await Deno.writeTextFile(roots, imports.join(""));
    const { modules } = await denoInfo(roots);
    return new Map(
      modules.filter(({ specifier }) => specifier.startsWith(ROOT.href))
        .map(({ specifier, dependencies = [] }) => [
          relative(specifier),
          dependencies.flatMap(({ code, type }) => {
            const imported = code?.specifier ?? type?.specifier;
            if (!imported?.startsWith(ROOT.href)) return [];
            return [{ file: relative(imported), isTypeOnly: !code?.specifier }];
          }),
        ]),
    );
  } finally {
    await Deno.remove(roots);
  }
}

async function denoInfo(file: string): Promise<DenoInfo> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "info",
      "--json",
      // Packages are not followed, so nothing is downloaded.
      "--no-npm",
      "--no-remote",
      "--no-lock",
      `--config=${fileURLToPath(new URL("deno.json", ROOT))}`,
      file,
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

function relative(specifier: string): string {
  return decodeURIComponent(specifier.slice(ROOT.href.length));
}
