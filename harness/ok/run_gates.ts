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
}

/** Stops at the first check that fails. */
export async function runGates(
  { fix }: { readonly fix: boolean },
  io: Io,
): Promise<Outcome> {
  const gates: Gate[] = [
    { name: "format", args: ["fmt", ...fix ? [] : ["--check"]] },
    { name: "lint", args: ["lint", ...fix ? ["--fix"] : []] },
    { name: "types", args: ["check", "."] },
    { name: "tests", args: ["task", "test"], isShown: true },
  ];
  for (const gate of gates) {
    io.progress(gate.name);
    const begin = performance.now();
    const { success, output } = await run(gate);
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const state = success ? tint("good", "ok    ") : tint("bad", "failed");
    io.print(`${state} ${gate.name.padEnd(7)}${seconds.padStart(6)} s`);
    if (success) continue;
    printLines(io, output);
    return "failed";
  }
  return "done";
}

async function run({ args, isShown = false }: Gate) {
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
  return { success, output: decoder.decode(stdout) + decoder.decode(stderr) };
}
