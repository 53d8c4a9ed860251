import { copyFile, mkdir } from "node:fs/promises";

/** Neither sources nor needed by tests; the last two may hold secrets or a lot. */
const LEFT_OUT =
  /^(?:\.git|node_modules|coverage|\.env.*|.*\.env|.*\.sqlite.*)$/;

/** A copy of the tree in a temporary folder; gone when disposed of. */
export interface TreeCopy extends AsyncDisposable {
  readonly root: string;
}

/**
 * Copies the tree. In the copy, the type checker does not report what is unused:
 * that a change leaves a variable unused is no fault of behaviour.
 */
export async function copyTree(from: string): Promise<TreeCopy> {
  const root = await Deno.makeTempDir({ prefix: "mutate_" });
  // Coverage reports have resolved paths.
  const resolved = await Deno.realPath(root);
  await copyFolder(from, resolved);
  const config = JSON.parse(await Deno.readTextFile(`${from}/deno.json`));
  config.compilerOptions = {
    ...config.compilerOptions,
    noUnusedLocals: false,
    noUnusedParameters: false,
  };
  await Deno.writeTextFile(`${resolved}/deno.json`, JSON.stringify(config));
  return {
    root: resolved,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (LEFT_OUT.test(name)) continue;
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else if (isFile) await copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
