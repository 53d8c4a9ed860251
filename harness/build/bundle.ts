import { build, type BuildOptions, type Metafile, stop } from "esbuild";
import { CHUNKS_FOLDER } from "../function/function_command.ts";
import { join, relative } from "node:path";

/** Readable, and without anything of the machine or the time in it. */
const OPTIONS = {
  bundle: true,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["deno", "worker", "import"],
  external: ["node:*"],
  target: "esnext",
  legalComments: "none",
  sourcemap: "linked",
  // Deno reads the map at each start: without the sources it is a quarter as long.
  sourcesContent: false,
  chunkNames: `${CHUNKS_FOLDER}/[name]-[hash]`,
  outdir: "dist",
  write: false,
  metafile: true,
  logLevel: "silent",
} as const satisfies BuildOptions;

/** A bundled program. */
export interface Bundle {
  /** Texts by path in the bundle's folder: `main.js`, `main.js.map`, ... */
  readonly files: ReadonlyMap<string, string>;
  /** The source files that are in it, by path in the project. */
  readonly sources: readonly string[];
}

/**
 * Bundles a program of a folder that has its packages in `node_modules`. What it
 * imports with `import()` becomes chunks if `splitting` is set.
 *
 * @throws {Error} If a file cannot be read or parsed, or a module cannot be found.
 */
export async function bundle(
  folder: string,
  entry: string,
  { splitting }: { readonly splitting: boolean },
): Promise<Bundle> {
  const root = await Deno.realPath(folder);
  try {
    const { outputFiles, metafile } = await build({
      ...OPTIONS,
      absWorkingDir: root,
      entryPoints: { [entry.replace(/^.*\/|\.ts$/g, "")]: entry },
      splitting,
    });
    const files = outputFiles.map(({ path, text }) => {
      const name = relative(join(root, OPTIONS.outdir), path);
      return [name.replaceAll("\\", "/"), loadLate(text)] as const;
    });
    return { files: new Map(files), sources: sourcesIn(metafile) };
  } finally {
    await stop();
  }
}

/**
 * Hides the names of chunks from Deno, which reads every module whose name it can
 * see in an `import()` before it runs the first one: a tenth of a start.
 */
function loadLate(code: string): string {
  return code.replace(/\bimport\(("\.[\w./-]+\.js")\)/g, "import(String($1))");
}

function sourcesIn({ outputs }: Metafile): string[] {
  const used = Object.values(outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  );
  return [...new Set(used.map(([path]) => path))].sort();
}
