import type { Clock } from "../util/clock.ts";
import { LruMap } from "../util/lru_map.ts";
import type { Log, LogEntry } from "./log.ts";

/** How many lines of a kind are written within a window. */
const MAX_LINES = 10;

/** How long a window is, in milliseconds. */
const WINDOW_MS = 60_000;

/** For how many organizations it is remembered when a line was written. */
const MAX_ORGANIZATIONS = 10_000;

/**
 * Creates a log for what strangers can cause at will. Of each kind it writes
 * {@linkcode MAX_LINES} in a window of {@linkcode WINDOW_MS}, and at the
 * window's end how many more there were. The kinds must be few and fixed: one
 * is kept in memory for a minute.
 */
export function createLogLimiter(
  { log, timeout }: Pick<Clock, "timeout"> & { readonly log: Log },
) {
  const windows = new Map<string, { lines: number; last: LogEntry }>();

  return function logLimited(kind: string, entry: LogEntry): void {
    let window = windows.get(kind);
    if (!window) {
      windows.set(kind, window = { lines: 0, last: entry });
      timeout(WINDOW_MS).addEventListener("abort", () => close(kind));
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

/** Creates a log for what a tenant can cause at will: one line in a window for each organization. */
export function createTenantLog(
  { log, now }: Pick<Clock, "now"> & { readonly log: Log },
) {
  const loggedAt = new LruMap<number>(MAX_ORGANIZATIONS);

  return function logOfTenant(organization: string, entry: LogEntry): void {
    const last = loggedAt.get(organization);
    if (last !== undefined && now() - last < WINDOW_MS) return;
    loggedAt.set(organization, now());
    log(entry);
  };
}
