import type { DeployStep } from "./plan.ts";
import { writeEnvFile } from "../cli/env_file.ts";

/** What would leave a file behind if it just ended the process. */
const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGTERM: 15,
} as const satisfies Partial<Record<Deno.Signal, number>>;

export interface StepsResult {
  /**
   * The exit code: 0, or that of the command that failed; 128 and more for a signal.
   */
  readonly code: number;
  readonly failed?: DeployStep;
}

/**
 * Runs commands one after the other, while a file with secrets exists for them.
 * The file is removed whatever ends them, signals too.
 */
export async function runSteps(
  steps: readonly DeployStep[],
  secrets: { readonly file: string; readonly text: string },
): Promise<StepsResult> {
  const remove = () => Deno.remove(secrets.file).catch(() => {});
  let child: Deno.ChildProcess | undefined;
  let interrupted: number | undefined;
  const listeners = Object.entries(SIGNALS).map(([name, number]) => {
    const signal = name as keyof typeof SIGNALS;
    const listener = () => {
      interrupted = 128 + number;
      remove();
      try {
        child?.kill(signal);
      } catch {
        // It has ended by itself.
      }
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  try {
    // Else a link of this name would be written through.
    await remove();
    await writeEnvFile(secrets.file, secrets.text);
    for (const step of steps) {
      if (interrupted) return { code: interrupted, failed: step };
      const [, ...args] = step.command;
      child = new Deno.Command(Deno.execPath(), { args }).spawn();
      const { code } = await child.status;
      if (interrupted || code !== 0) {
        return { code: interrupted ?? code, failed: step };
      }
    }
    return { code: 0 };
  } finally {
    await remove();
    for (const { signal, listener } of listeners) {
      Deno.removeSignalListener(signal, listener);
    }
  }
}
