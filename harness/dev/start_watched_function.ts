import { type SettingName, SETTINGS } from "../../lib/config.ts";
import { leastPermissions } from "../function/function_process.ts";
import { waitUntil } from "../util/wait_until.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/** How a function that is being worked on is started. */
export interface WatchedFunctionOptions {
  /** All of its settings; those of the environment do not count. */
  readonly settings: Readonly<
    Partial<Record<SettingName, string>> & { HOST: string; PORT: string }
  >;
  readonly quiet?: boolean;
}

/**
 * Starts the function so that it restarts whenever one of its files changes,
 * with the permissions that it needs and no others, and waits until it answers.
 */
export async function startWatchedFunction(
  { settings, quiet }: WatchedFunctionOptions,
): Promise<AsyncDisposable> {
  const environment = Object.entries(Deno.env.toObject())
    .filter(([name]) => !Object.hasOwn(SETTINGS, name));
  const output = quiet ? "null" : "inherit";
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--watch",
      "--no-clear-screen",
      `--config=${CONFIG}`,
      "--no-prompt",
      ...leastPermissions(settings),
      MAIN,
    ],
    clearEnv: true,
    env: { ...Object.fromEntries(environment), ...settings },
    stdin: "null",
    stdout: output,
    stderr: output,
  }).spawn();
  // The watcher outlives what it watches, so that no signal for the function
  // ends both; there is nothing to drain here.
  const stop = async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await child.status;
  };
  try {
    const health = `http://${settings.HOST}:${settings.PORT}/healthz`;
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
