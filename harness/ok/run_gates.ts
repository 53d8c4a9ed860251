/**
 * `deno task ok`: runs every check that a change must pass, in turn.
 *
 * @module
 */
import type { Outcome } from "../cli/exit.ts";
import { type Io, printLines } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { denoEnvironment, OF_TOOLS } from "../util/deno_environment.ts";

/** A check, and the arguments of the `deno` that does it. */
interface Gate {
  readonly name: string;
  readonly args: readonly string[];
  /** Its output is shown while it runs, not only if it fails. */
  readonly isShown?: boolean;
  /** A rule whose findings do not count. */
  readonly ignoredRule?: string;
}

/** Stops at the first check that fails. */
export async function runGates(
  { fix }: { readonly fix: boolean },
  io: Io,
): Promise<Outcome> {
  for (const gate of await listGates(fix)) {
    io.progress(gate.name);
    const begin = performance.now();
    const { success, output } = await run(gate);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const state = success ? tint("good", "ok    ") : tint("bad", "failed");
    io.print(`${state} ${gate.name.padEnd(14)}${seconds.padStart(6)} s`);
    if (success) continue;
    printLines(io, output);
    return "failed";
  }
  return "done";
}

/** Documentation is checked for what runs at the edge: main.ts and lib/. */
async function listGates(fix: boolean): Promise<Gate[]> {
  const documented = ["main.ts", ...await findSources("lib")];
  return [
    { name: "format", args: ["fmt", ...fix ? [] : ["--check"]] },
    { name: "lint", args: ["lint", ...fix ? ["--fix"] : []] },
    { name: "types", args: ["check", "."] },
    {
      name: "documentation",
      args: ["doc", "--lint", ...documented],
      // It takes every type of a package, and every inferred type, for private.
      ignoredRule: "private-type-ref",
    },
    { name: "tests", args: ["task", "test"], isShown: true },
  ];
}

async function run({ args, isShown = false, ignoredRule }: Gate) {
  const stdio = isShown ? "inherit" : "piped";
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    stdout: stdio,
    stderr: stdio,
    clearEnv: true,
    env: {
      ...denoEnvironment(Deno.env.toObject(), OF_TOOLS),
      // What is read or printed line by line has no colours.
      ...!isShown && { NO_COLOR: "1" },
    },
  }).spawn();
  if (isShown) return { success: (await child.status).success, output: "" };
  const { success, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  const output = decoder.decode(stdout) + decoder.decode(stderr);
  const rules = Array.from(
    output.matchAll(/^error\[([\w-]+)\]/gm),
    ([, it]) => it,
  );
  const isClean = rules.length > 0 &&
    rules.every((rule) => rule === ignoredRule);
  return { success: success || isClean, output };
}

async function findSources(folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  const sources = await Promise.all(entries.map(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return findSources(path);
    return path.endsWith(".ts") ? [path] : [];
  }));
  return sources.flat().sort();
}
