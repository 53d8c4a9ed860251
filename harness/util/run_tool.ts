import { denoEnvironment, OF_TOOLS } from "./deno_environment.ts";

/** Runs a program of the system to its end, without the rest of the environment. */
export function runTool(
  program: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<Deno.CommandOutput> {
  return new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    // Where Go keeps what it has built.
    env: denoEnvironment(Deno.env.toObject(), [...OF_TOOLS, "GOCACHE"]),
    ...signal && { signal },
  }).output();
}
