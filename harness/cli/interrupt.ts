import { Interrupted } from "./errors.ts";
import { EXIT } from "./exit.ts";

/**
 * `deno task` forwards the SIGINT that the terminal already sent to the whole
 * process group, so that one Ctrl-C arrives twice.
 */
const SAME_INTERRUPT_MS = 1_000;

/**
 * Returns a signal that is aborted at the first interrupt, so that the command
 * can clean up. A second one, more than a second later, ends the process at once.
 */
export function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  let first: number | undefined;
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => {
      const now = performance.now();
      first ??= now;
      controller.abort(new Interrupted("stopped before the end"));
      if (now - first > SAME_INTERRUPT_MS) Deno.exit(EXIT.interrupted);
    });
  }
  return controller.signal;
}
