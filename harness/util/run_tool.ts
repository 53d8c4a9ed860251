/** What finds a program, and where Go keeps what it has built. */
const VARIABLES = ["PATH", "HOME", "GOCACHE"];

/** Runs a program of the system to its end, without the rest of the environment. */
export function runTool(
  program: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<Deno.CommandOutput> {
  const env = Object.fromEntries(
    VARIABLES.map((name) => [name, Deno.env.get(name)])
      .filter((it): it is [string, string] => it[1] !== undefined),
  );
  return new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env,
    ...signal && { signal },
  }).output();
}
