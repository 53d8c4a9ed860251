import assert from "node:assert/strict";
import { bundle } from "../../../harness/build/bundle.ts";

const SOURCES = {
  "main.ts": `import { fail } from "./lib/fail.ts";
const { late } = await import("./lib/late.ts");
fail(late satisfies string);
`,
  "lib/fail.ts": `interface Ignored { readonly text: string }

export function fail(text: Ignored["text"]): never {
  throw new Error(text);
}
`,
  "lib/late.ts": `export const late = "thrown late";\n`,
};

async function writeSources(): Promise<string> {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/lib`);
  for (const [path, text] of Object.entries(SOURCES)) {
    await Deno.writeTextFile(`${folder}/${path}`, text);
  }
  return folder;
}

/** The bundler's process is shared by all builds, and ends by itself. */
const SHARED = { sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "bundle() keeps what is imported late in a chunk, which Deno reads only then",
  SHARED,
  async () => {
    const folder = await writeSources();
    const { files } = await bundle(folder, "main.ts", { splitting: true });
    const chunks = [...files].filter(([path]) =>
      path.startsWith("chunks/") && path.endsWith(".js")
    );
    assert.equal(chunks.length, 1);
    const [[path, text]] = chunks as [[string, string]];
    assert.match(text, /thrown late/);
    assert.ok(!files.get("main.js")!.includes("thrown late"));

    await Deno.mkdir(`${folder}/chunks`);
    for (const [path, text] of files) {
      await Deno.writeTextFile(`${folder}/${path}`, text);
    }
    const graph = async (entry: string) => {
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: ["info", "--no-config", "--json", entry],
        cwd: folder,
      }).output();
      return new TextDecoder().decode(stdout);
    };
    assert.ok(!(await graph("main.js")).includes(path));
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test(
  "bundle() maps stack traces to the sources' lines",
  SHARED,
  async () => {
    const folder = await writeSources();
    const { files } = await bundle(folder, "main.ts", { splitting: true });
    await Deno.mkdir(`${folder}/dist/chunks`, { recursive: true });
    for (const [path, text] of files) {
      await Deno.writeTextFile(`${folder}/dist/${path}`, text);
    }
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", "--allow-read=dist/chunks", "dist/main.js"],
      cwd: folder,
      env: { NO_COLOR: "1" },
    }).output();
    assert.equal(code, 1);
    const stack = new TextDecoder().decode(stderr);
    assert.match(stack, /Error: thrown late/);
    assert.match(stack, /at fail \(file:.*\/lib\/fail\.ts:4:9\)/);
    assert.match(stack, /at file:.*\/main\.ts:3:1/);
    await Deno.remove(folder, { recursive: true });
  },
);

Deno.test(
  "bundle() reports a module that cannot be found",
  SHARED,
  async () => {
    const folder = await writeSources();
    await Deno.writeTextFile(`${folder}/main.ts`, 'import "a-package";');
    await assert.rejects(
      bundle(folder, "main.ts", { splitting: false }),
      /Could not resolve "a-package"/,
    );
    await Deno.remove(folder, { recursive: true });
  },
);
