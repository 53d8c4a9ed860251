import type { Log, LogEntry } from "./log.ts";

/** How many lines a minute are written for one reason. */
export const LINES_PER_MINUTE = 10;

const MINUTE_MS = 60_000;

export function createLogLimiter(
  { now, log }: { readonly now: () => number; readonly log: Log },
): Log {
  const windows = new Map<string, { since: number; lines: number }>();
  return function logLimited(entry: LogEntry) {
    const key = String(entry.reason ?? entry.outcome);
    let window = windows.get(key);
    if (!window || now() - window.since >= MINUTE_MS) {
      windows.set(key, window = { since: now(), lines: 0 });
    }
    if (window.lines++ < LINES_PER_MINUTE) log(entry);
  };
}
