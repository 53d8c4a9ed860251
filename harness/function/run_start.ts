import type { Outcome } from "../cli/exit.ts";
import { readFunctionConfig } from "../cli/function_config.ts";
import type { Io } from "../cli/io.ts";
import { readSettings } from "../cli/settings.ts";
import { projectPath } from "../util/project_path.ts";
import { CACHED_MODULES_ONLY, cacheModules } from "./cached_modules.ts";
import { functionEnvironment } from "./function_environment.ts";
import { leastPermissions } from "./least_permissions.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * `deno task start`: runs the function in a process with the least permissions
 * that its settings need, until it ends. Signals are passed on: it drains.
 */
export async function runStart(
  { envFile, entry }: {
    readonly envFile: string;
    /** The program, if not `main.ts`. */
    readonly entry?: string | undefined;
  },
  io: Io,
): Promise<Outcome> {
  const settings = await readSettings(envFile, io);
  await readFunctionConfig(settings, { envFile, env: io.env });
  const env = functionEnvironment({ ...Deno.env.toObject(), ...settings });
  await cacheModules();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      `--config=${projectPath("deno.json")}`,
      ...CACHED_MODULES_ONLY,
      ...leastPermissions(env),
      entry ?? projectPath("main.ts"),
    ],
    clearEnv: true,
    env,
    stdin: "null",
  }).spawn();
  // A terminal sends SIGINT to the whole group; a service manager to this one.
  const listeners = SIGNALS.map((signal) => {
    const pass = () => {
      try {
        child.kill(signal);
      } catch {
        // It has already ended.
      }
    };
    Deno.addSignalListener(signal, pass);
    return () => Deno.removeSignalListener(signal, pass);
  });
  const { success } = await child.status;
  for (const remove of listeners) remove();
  return success ? "done" : "failed";
}
