import type { SettingName } from "../../lib/config/settings.ts";
import {
  CACHED_MODULES_ONLY,
  cacheModules,
} from "../function/cached_modules.ts";
import { platformEnvironment } from "../function/function_environment.ts";
import { inBrackets, leastPermissions } from "../function/least_permissions.ts";
import { projectPath } from "../util/project_path.ts";
import { waitUntil } from "../util/wait_until.ts";

/** Returns the host at which this machine reaches what listens on a host. */
export function reachableHost(host: string): string {
  const isEvery = /^(?:0\.0\.0\.0|\[?::\]?)$/.test(host);
  return isEvery ? "127.0.0.1" : inBrackets(host);
}

export interface WatchedFunctionOptions {
  /** All settings; the environment does not count. */
  readonly settings: Readonly<
    Partial<Record<SettingName, string>> & { HOST: string; PORT: string }
  >;
  readonly quiet?: boolean;
  /** Takes the log's lines about calls that failed. */
  readonly onFailure?: (line: Record<string, unknown>) => void;
}

/**
 * Starts the function with the least permissions, restarts it whenever one of
 * its files changes, and waits until it answers.
 */
export async function startWatchedFunction(
  { settings, quiet, onFailure }: WatchedFunctionOptions,
): Promise<AsyncDisposable> {
  await cacheModules();
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--watch",
      "--no-clear-screen",
      `--config=${projectPath("deno.json")}`,
      "--no-prompt",
      ...CACHED_MODULES_ONLY,
      ...leastPermissions(settings),
      projectPath("main.ts"),
    ],
    clearEnv: true,
    env: { ...platformEnvironment(Deno.env.toObject()), ...settings },
    stdin: "null",
    stdout: "piped",
    stderr: quiet ? "null" : "inherit",
  }).spawn();
  const logged = readLog(child.stdout, (line) => {
    if (!quiet) Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
    const failed = /^\{.*"status":[45]\d\d[,}]/.test(line);
    if (failed) onFailure?.(JSON.parse(line));
  });
  // The watcher outlives what it watches, so that no signal for the function
  // ends both; there is nothing to drain here.
  const stop = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It ended by itself.
    }
    await child.status;
    await logged;
  };
  try {
    const host = reachableHost(settings.HOST);
    const health = `http://${host}:${settings.PORT}/healthz`;
    await waitUntil(async () => {
      const response = await fetch(health);
      await response.body?.cancel();
      return response.ok;
    }, { what: "the function answers" });
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}

async function readLog(
  stream: ReadableStream<BufferSource>,
  onLine: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) onLine(line);
  }
}
