import type { Outcome } from "../cli/exit.ts";
import { readFunctionConfig } from "../cli/function_config.ts";
import type { Io } from "../cli/io.ts";
import { parseEnv, readEnvFile } from "../cli/env_file.ts";
import { cacheModules } from "./cached_modules.ts";
import { formatCommand } from "./format_command.ts";
import { functionArguments } from "./function_command.ts";
import { functionEnvironment } from "./function_environment.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * `deno task start`: runs the function in a process with the least permissions
 * that its settings need, until it ends. Signals are passed on: it drains.
 */
export async function runStart(
  { envFile, entry, printCommand }: {
    readonly envFile: string;
    /** A bundle, instead of `main.ts`. */
    readonly entry?: string | undefined;
    /** Print the command for a shell, and run nothing. */
    readonly printCommand: boolean;
  },
  io: Io,
): Promise<Outcome> {
  const fileSettings = parseEnv(await readEnvFile(envFile));
  const settings = { ...fileSettings, ...io.env };
  await readFunctionConfig(settings, { envFile, env: io.env });
  const env = functionEnvironment({ ...Deno.env.toObject(), ...settings });
  const args = functionArguments(env, { entry });
  if (printCommand) {
    io.print(formatCommand(args, { env: io.env, fileSettings, envFile }));
    return "done";
  }
  if (entry === undefined) await cacheModules();
  const child = new Deno.Command(Deno.execPath(), {
    args,
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
