import type { Log, LogEntry } from "./log.ts";

/** How many lines of a kind are written within a window. */
const MAX_LINES = 10;

/** How long a window is, in milliseconds. */
const WINDOW_MS = 60_000;

/** What limiting a log needs. */
export interface LogLimiterOptions {
  /** Takes the lines that pass, and the counts. */
  readonly log: Log;
  /** Returns a signal that is aborted after so many milliseconds. */
  readonly timeout: (ms: number) => AbortSignal;
}

/**
 * Takes a line of a kind. The kinds must be few and fixed: one is kept in
 * memory for a minute.
 */
export type LimitedLog = (kind: string, entry: LogEntry) => void;

/**
 * Creates a log for what strangers can cause at will. Of each kind it writes
 * {@linkcode MAX_LINES} in a window of {@linkcode WINDOW_MS}, and at the
 * window's end how many more there were.
 *
 * @param options The log and the timer.
 * @returns The limited log.
 */
export function createLogLimiter(
  { log, timeout }: LogLimiterOptions,
): LimitedLog {
  const windows = new Map<string, { lines: number; last: LogEntry }>();

  return function logLimited(kind, entry) {
    let window = windows.get(kind);
    if (!window) {
      window = { lines: 0, last: entry };
      windows.set(kind, window);
      timeout(WINDOW_MS).addEventListener("abort", () => close(kind), {
        once: true,
      });
    }
    window.last = entry;
    if (++window.lines <= MAX_LINES) log(entry);
  };

  function close(kind: string): void {
    const { lines, last } = windows.get(kind)!;
    windows.delete(kind);
    const omitted = lines - MAX_LINES;
    if (omitted > 0) log({ ...last, omitted });
  }
}
