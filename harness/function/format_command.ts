import { SettingsError } from "../cli/errors.ts";
import { shellQuote } from "../cli/shell_quote.ts";
import type { Settings } from "../cli/settings.ts";
import { printable } from "../cli/terminal.ts";
import { functionEnvironment } from "./function_environment.ts";

/**
 * Formats the command that a shell executes in its own place. Variables that the
 * function may not have are removed by name: assignments (`env -i NAME=...`)
 * would show secrets to anything that lists or logs command lines. Deno itself
 * reads the settings that only the env file has.
 *
 * @throws {SettingsError} If the env file has variables that the function may not have: Deno would pass them on.
 */
export function formatCommand(
  [subcommand, ...rest]: readonly string[],
  { env, fileSettings, envFile }: {
    /** The environment of the shell. */
    readonly env: Settings;
    readonly fileSettings: Readonly<Record<string, string>>;
    readonly envFile: string;
  },
): string {
  const kept = functionEnvironment(env);
  // bash sets it for each program.
  const removed = new Set([...Object.keys(env), "_"]);
  const assigned: string[] = [];
  for (const [name, value] of Object.entries(kept)) {
    removed.delete(name);
    // What `functionEnvironment()` itself adds; no setting is among it.
    if (env[name] !== value) assigned.push(`${name}=${value}`);
  }
  const allowed = functionEnvironment(fileSettings);
  const foreign = Object.keys(fileSettings).filter((it) => !(it in allowed));
  if (foreign.length > 0) {
    const names = printable(foreign.join(", "));
    throw new SettingsError(
      `${
        printable(envFile)
      } also sets ${names}, which the function must not get: move it to another file`,
    );
  }
  return [
    "env",
    ...[...removed].sort().flatMap((name) => ["-u", name]),
    ...assigned,
    Deno.execPath(),
    subcommand!,
    ...Object.keys(fileSettings).length > 0 ? [`--env-file=${envFile}`] : [],
    ...rest,
  ].map(shellQuote).join(" ");
}
