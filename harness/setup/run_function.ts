/**
 * Runs the function on this machine for a first try: `setup --start`.
 *
 * @module
 */
import { SETTINGS } from "../../lib/config/settings.ts";
import { readFunctionConfig } from "../cli/function_config.ts";
import type { Io } from "../cli/io.ts";
import { readSettings } from "../cli/settings.ts";
import { tint } from "../cli/terminal.ts";
import { startFunction } from "../function/function_process.ts";
import { choosePort } from "./choose_port.ts";
import type { Plan } from "./read_plan.ts";
import type { SetupOptions } from "./setup_options.ts";

/** The function, running until it is stopped. */
export interface RunningFunction {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/**
 * Starts the function with the settings of the env file, and prints its log on
 * stderr.
 *
 * @throws {SettingsError} If a setting is missing or wrong.
 */
export async function startHere(
  { place, target }: Plan,
  { envFile }: SetupOptions,
  io: Io,
): Promise<RunningFunction> {
  const own = await readSettings(envFile, io);
  const { port, note } = choosePort(own.PORT, target!.endpoint);
  if (note) io.error(`${tint("warning", "!")} ${note}`);
  const settings: Record<string, string | undefined> = {
    HOST: SETTINGS.HOST.default,
    ZITADEL_DOMAIN: place.instance.origin,
    ...own,
    PORT: port,
  };
  await readFunctionConfig(settings);
  const env = Object.fromEntries(
    Object.keys(SETTINGS).flatMap((name) =>
      settings[name] ? [[name, settings[name]]] : []
    ),
  );
  io.progress("starting the function");
  const running = await startFunction({ env, onLine: io.error });
  return { url: running.url, stop: async () => void await running.stop() };
}

/** Waits for Ctrl-C. */
export async function keepRunning(
  { url }: RunningFunction,
  io: Io,
): Promise<void> {
  io.print(
    `${
      tint("good", "Running")
    } at ${url} until Ctrl-C. The target stays bound: without the function, tokens come without permissions`,
  );
  const signal = io.untilInterrupted();
  if (signal.aborted) return;
  await new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}
