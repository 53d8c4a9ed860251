import { Interrupted } from "./errors.ts";
import { EXIT } from "./exit.ts";

/**
 * `deno task` forwards the SIGINT that the terminal already sent to the whole
 * process group, so that one Ctrl-C arrives twice.
 */
const SAME_INTERRUPT_MS = 1_000;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** What `onInterrupt` works with; tests replace it. */
export interface InterruptPlatform {
  /** Calls the listener at each signal; returns what removes it. */
  readonly listen: (listener: () => void) => () => void;
  /** Milliseconds. */
  readonly now: () => number;
  readonly exit: (code: number) => void;
}

/** Ends when disposed of: signals then have their usual effect. */
export interface Interrupt extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Aborts a signal at the first interrupt, so that the command can clean up. A
 * second one, more than a second later, ends the process at once.
 */
export function onInterrupt(
  platform: InterruptPlatform = PROCESS,
): Interrupt {
  const { listen, now, exit } = platform;
  const controller = new AbortController();
  let first: number | undefined;
  const remove = listen(() => {
    if (first === undefined) {
      first = now();
      controller.abort(new Interrupted("stopped before the end"));
    } else if (now() - first > SAME_INTERRUPT_MS) {
      exit(EXIT.interrupted);
    }
  });
  return { signal: controller.signal, [Symbol.dispose]: remove };
}

const PROCESS: InterruptPlatform = {
  listen(listener) {
    for (const name of SIGNALS) Deno.addSignalListener(name, listener);
    return () => {
      for (const name of SIGNALS) Deno.removeSignalListener(name, listener);
    };
  },
  now: () => performance.now(),
  exit: Deno.exit,
};
