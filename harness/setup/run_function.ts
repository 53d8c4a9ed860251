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
import {
  type FunctionProcess,
  startFunction,
} from "../function/function_process.ts";
import { isLoopback } from "../util/is_loopback.ts";
import type { Plan } from "./read_plan.ts";

/**
 * Starts the function with the settings of the env file, and prints its log on
 * stderr.
 *
 * @throws {SettingsError} If a setting is missing or wrong.
 */
export async function startHere(
  { place, target }: Pick<Plan, "place" | "target">,
  io: Io,
): Promise<FunctionProcess> {
  const own = await readSettings(place.envFile, io);
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
  return await startFunction({ env, onLine: io.error });
}

/** Waits for Ctrl-C. */
export async function keepRunning(
  { url }: FunctionProcess,
  target: Plan["target"],
  io: Io,
): Promise<void> {
  const failure = target?.interruptOnError
    ? "every login fails (interruptOnError)"
    : "tokens come without permissions";
  io.print(
    `${
      tint("good", "Running")
    } at ${url} until Ctrl-C. The target stays bound: without the function, ${failure}. Later: \`PORT=${
      new URL(url).port
    } deno task start\``,
  );
  const signal = io.untilInterrupted();
  if (signal.aborted) return;
  await new Promise((resolve) =>
    signal.addEventListener("abort", resolve, { once: true })
  );
}

/**
 * Chooses the port on which the function listens: PORT; without it, the one that
 * the endpoint names if that is on this machine. An endpoint without a port, or
 * with https, is that of a proxy. The note says why ZITADEL may not reach it.
 */
export function choosePort(
  set: string | undefined,
  endpoint: string,
): { readonly port: string; readonly note?: string } {
  const url = new URL(endpoint);
  const named = url.protocol === "http:" ? url.port : "";
  const own = set?.trim();
  const port = own || (isLoopback(url) && named) || SETTINGS.PORT.default;
  return named === "" || named === port ? { port } : {
    port,
    note:
      `the function listens on ${port}, the endpoint says ${named}: set PORT, unless something forwards ${named}`,
  };
}
