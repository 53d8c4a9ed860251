import { denoEnvironment } from "../util/deno_environment.ts";
import { projectPath } from "../util/project_path.ts";

/**
 * Flags that keep the function's process from loading any other code, whatever
 * its permissions: Deno lets `import()` reach several CDNs, GitHub and npm
 * without --allow-net, so that an address could carry a secret out.
 */
export const CACHED_MODULES_ONLY = ["--no-remote", "--cached-only"];

/**
 * Downloads what `main.ts` imports and Deno's cache lacks; takes some 20 ms and
 * no network if it lacks nothing. A failure is shown and goes no further: the
 * function starts if its modules are there, and otherwise names the missing one.
 */
export async function cacheModules(): Promise<void> {
  await new Deno.Command(Deno.execPath(), {
    args: [
      ...["cache", "--quiet", "--frozen"],
      ...[`--config=${projectPath("deno.json")}`, projectPath("main.ts")],
    ],
    clearEnv: true,
    env: denoEnvironment(Deno.env.toObject()),
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).output();
}
