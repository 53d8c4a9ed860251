import type { Outcome } from "../cli/exit.ts";
import { readFunctionConfig } from "../cli/function_config.ts";
import type { Io } from "../cli/io.ts";
import { readSettings } from "../cli/settings.ts";
import { leastPermissions } from "./function_process.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * `deno task start`: runs the function in a process with the least permissions
 * that its settings need, until it ends. Signals are passed on: it drains.
 */
export async function runStart(
  { envFile }: { readonly envFile: string },
  io: Io,
): Promise<Outcome> {
  const settings = await readSettings(envFile, io);
  await readFunctionConfig(settings);
  const env = Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as Record<string, string>;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...leastPermissions(env), MAIN],
    env,
    stdin: "null",
  }).spawn();
  // A terminal sends SIGINT to the whole group; a service manager to this one.
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => {
      try {
        child.kill(signal);
      } catch {
        // It has already ended.
      }
    });
  }
  const { success } = await child.status;
  return success ? "done" : "failed";
}
