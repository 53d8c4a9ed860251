import type { DeployStep } from "./plan.ts";
import { writeEnvFile } from "../cli/env_file.ts";
import { Interrupted } from "../cli/errors.ts";
import { denoEnvironment, OF_TOOLS } from "../util/deno_environment.ts";

/** Without a listener, each ends the process and leaves the file with the secrets behind. */
const SIGNALS = ["SIGHUP", "SIGINT", "SIGTERM"] as const;

/**
 * What `deno deploy` reads: its token, an address or version of its own code, and what
 * a login opens the browser and the keyring with.
 */
const OF_DEPLOY = [
  ...["DENO_DEPLOY_TOKEN", "DENO_DEPLOY_CLI_SPECIFIER"],
  ...["BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"],
  ...["XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "USERPROFILE", "APPDATA"],
];

/**
 * Runs commands, each of which starts with `deno`, up to the first that fails,
 * and returns that. A file with secrets exists only while one runs that reads it,
 * whatever ends that.
 *
 * @throws {Interrupted} If a signal came.
 */
export async function runSteps(
  steps: readonly DeployStep[],
  secrets: { readonly file: string; readonly text: string },
): Promise<DeployStep | undefined> {
  const remove = () => Deno.remove(secrets.file).catch(() => {});
  let child: Deno.ChildProcess | undefined;
  let isInterrupted = false;
  const listeners = SIGNALS.map((signal) => {
    const listener = () => {
      isInterrupted = true;
      remove();
      try {
        child?.kill(signal);
      } catch {
        // It has already ended.
      }
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  try {
    // Otherwise a link of this name would be followed.
    await remove();
    for (const step of steps) {
      if (step.settings) await writeEnvFile(secrets.file, secrets.text);
      const [, ...args] = step.command;
      child = new Deno.Command(Deno.execPath(), {
        args,
        clearEnv: true,
        // The administrator's token and the settings are none of its business.
        env: denoEnvironment(Deno.env.toObject(), [...OF_TOOLS, ...OF_DEPLOY]),
      }).spawn();
      const { code } = await child.status;
      if (step.settings) await remove();
      if (isInterrupted) throw new Interrupted(`stopped at: ${step.what}`);
      if (code !== 0) return step;
    }
  } finally {
    await remove();
    for (const { signal, listener } of listeners) {
      Deno.removeSignalListener(signal, listener);
    }
  }
}
