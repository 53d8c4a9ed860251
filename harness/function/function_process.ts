import { type ServerProcess, startServer } from "../util/server_process.ts";
import { cacheModules } from "./cached_modules.ts";
import { functionArguments } from "./function_command.ts";
import { platformEnvironment } from "./function_environment.ts";
import { inBrackets } from "./least_permissions.ts";

export interface FunctionProcessOptions {
  /** Settings. `HOST` defaults to 127.0.0.1 and `PORT` to a free one. */
  readonly env: Readonly<Record<string, string>>;
  /** Deno's permission flags; by default the least that the settings need. */
  readonly permissions?: readonly string[];
  /** A bundle, instead of `main.ts`. */
  readonly entry?: string;
  /** Called with each line that the process writes. */
  readonly onLine?: (line: string) => void;
}

/** The function in a process of its own. */
export type FunctionProcess = ServerProcess;

/**
 * Starts the function in a process without this one's environment, and waits until
 * it listens.
 *
 * @example
 * ```ts ignore
 * await using running = await startFunction({ env: settings });
 * await fetch(`${running.url}/healthz`);
 * ```
 */
export async function startFunction(
  options: FunctionProcessOptions,
): Promise<FunctionProcess> {
  const env = { HOST: "127.0.0.1", PORT: "0", ...options.env };
  if (options.entry === undefined) await cacheModules();
  return await startServer({
    name: "the function",
    command: [Deno.execPath(), ...functionArguments(env, options)],
    env: { ...platformEnvironment(Deno.env.toObject()), ...env },
    onLine: options.onLine,
    urlIn(line) {
      if (!line.includes('"Listening"')) return undefined;
      const { hostname, port } = JSON.parse(line);
      return `http://${inBrackets(hostname)}:${port}`;
    },
  });
}
