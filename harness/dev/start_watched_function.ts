import type { SettingName } from "../../lib/config/settings.ts";
import { cacheModules } from "../function/cached_modules.ts";
import { functionArguments } from "../function/function_command.ts";
import { platformEnvironment } from "../function/function_environment.ts";
import { inBrackets } from "../function/least_permissions.ts";
import { startServer } from "../util/server_process.ts";

/** Returns the host at which this machine reaches what listens on a host. */
export function reachableHost(host: string): string {
  const isEvery = /^(?:0\.0\.0\.0|\[?::\]?)$/.test(host);
  return isEvery ? "127.0.0.1" : inBrackets(host);
}

/**
 * Starts the function with the least permissions, restarts it whenever one of
 * its files changes, and waits until it listens.
 */
export async function startWatchedFunction(
  { settings, print, onFailure }: {
    /** All settings; the environment does not count. */
    readonly settings: Readonly<
      Partial<Record<SettingName, string>> & { HOST: string; PORT: string }
    >;
    /** Prints a line of its log. */
    readonly print?: ((line: string) => void) | undefined;
    /** Takes the log's lines about calls that failed. */
    readonly onFailure: (line: Record<string, unknown>) => void;
  },
): Promise<AsyncDisposable> {
  await cacheModules();
  const [run = "", ...others] = functionArguments(settings);
  const watching = [run, "--watch", "--no-clear-screen", ...others];
  const { stop } = await startServer({
    name: "the function",
    command: [Deno.execPath(), ...watching],
    env: { ...platformEnvironment(Deno.env.toObject()), ...settings },
    urlIn: (line) => line.includes('"Listening"') ? line : undefined,
    onLine(line) {
      print?.(line);
      const isFailure = /^\{.*"status":[45]\d\d[,}]/.test(line);
      if (isFailure) onFailure(JSON.parse(line));
    },
  });
  // The watcher outlives what it watches, so that no signal for the function
  // ends both; there is nothing to drain here.
  return { [Symbol.asyncDispose]: async () => void await stop("SIGKILL") };
}
