/**
 * `deno task ok`: runs every check that a change must pass, in turn.
 *
 * @module
 */
import type { Outcome } from "../cli/exit.ts";
import type { Io } from "../cli/io.ts";
import { tint } from "../cli/terminal.ts";
import { denoEnvironment, OF_TOOLS } from "../util/deno_environment.ts";

/** Stops at the first check that fails. */
export async function runGates(
  { fix }: { readonly fix: boolean },
  io: Io,
): Promise<Outcome> {
  const gates = {
    format: ["fmt", ...fix ? [] : ["--check"]],
    lint: ["lint", "--quiet", ...fix ? ["--fix"] : []],
    types: ["check", "--quiet", "."],
    tests: ["task", "--quiet", "test"],
  };
  for (const [name, args] of Object.entries(gates)) {
    const begin = performance.now();
    const { success } = await new Deno.Command(Deno.execPath(), {
      args,
      clearEnv: true,
      env: denoEnvironment(Deno.env.toObject(), OF_TOOLS),
    }).spawn().status;
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    const state = success ? tint("good", "ok    ") : tint("bad", "failed");
    io.print(`${state} ${name.padEnd(7)}${seconds.padStart(6)} s`);
    if (!success) return "failed";
  }
  return "done";
}
