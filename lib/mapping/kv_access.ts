/**
 * The access to Deno KV. Calls are bounded in time, and failures are logged and
 * never thrown: without KV, or with a bad one, the function works from memory.
 *
 * @module
 */
import type { Log, LogEntry } from "../observability/log.ts";
import { abortable } from "../util/abortable.ts";
import type { Clock } from "../util/clock.ts";
import { errorText } from "../util/error_text.ts";

/** How long a start waits for KV to open: a server may never answer. */
const OPEN_TIMEOUT_MS = 2_000;

/** How long KV may take before the function goes on without it. */
const TIMEOUT_MS = 300;

/** How long KV is left alone after it failed: calls that it does not answer pile up. */
const PAUSE_MS = 1_000;

/**
 * Opens the database that isolates share. If it does not open, memory serves,
 * unless KV_URL is a path: that is a mistake which stays.
 *
 * @param open `Deno.openKv`, which is absent without `--unstable-kv`.
 * @throws {TypeError} If a path cannot be opened.
 */
export async function openKv(
  open: typeof Deno.openKv | undefined,
  { url, log }: { readonly url?: string | undefined; readonly log: Log },
): Promise<Deno.Kv | undefined> {
  if (open === undefined) {
    log({
      level: "warn",
      message: "This runtime has no Deno KV; working from memory",
      reason: "kv_failed",
      remedy:
        'Start it with --unstable-kv, or with a deno.json that has "unstable": ["kv"]',
    });
    return undefined;
  }
  try {
    return await abortable(open(url), AbortSignal.timeout(OPEN_TIMEOUT_MS));
  } catch (error) {
    if (url !== undefined && !/^https?:/i.test(url)) {
      throw new TypeError(
        `Cannot start: KV_URL is a path that cannot be opened: ${
          errorText(error)
        }`,
      );
    }
    log(describeTrouble("open", error));
    return undefined;
  }
}

/** What the code that uses KV is given. */
export interface KvOptions extends Clock {
  readonly kv: Deno.Kv;
  /** The instance's origin: part of every key. */
  readonly origin: string;
  /** How long a mapping may be used after it was read. */
  readonly lifetimeMs: number;
  readonly log: Log;
}

/** Creates calls and watches of KV that never throw. */
export function createKvAccess({ kv, now, timeout, log }: KvOptions) {
  let failedAt = -Infinity;

  return {
    /** Reports whether KV failed a moment ago. */
    isPaused(): boolean {
      const since = now() - failedAt;
      return since >= 0 && since < PAUSE_MS;
    },

    /**
     * Calls KV. A commit whose check fails is an answer, not a failure.
     *
     * @param action What is tried, for the log: `read from`, `write to`, ...
     * @returns KV's answer, or `undefined` if it failed or is late, which is logged.
     */
    async attempt<T>(
      action: string,
      operation: (kv: Deno.Kv) => Promise<T>,
    ): Promise<T | undefined> {
      try {
        return await abortable(Promise.try(operation, kv), timeout(TIMEOUT_MS));
      } catch (error) {
        failedAt = now();
        log(describeTrouble(action, error));
        return undefined;
      }
    },

    /**
     * Watches a key until `shutdown` is aborted. A watch that breaks starts again
     * after a pause.
     *
     * @param onEntry Told of the key's entry now and whenever it changes, and of `undefined` when the watch broke or did not begin.
     */
    async watch(
      key: Deno.KvKey,
      onEntry: (entry: Deno.KvEntryMaybe<unknown> | undefined) => void,
      shutdown: AbortSignal,
    ): Promise<void> {
      let isBroken = false;
      const write = ([entry]: [Deno.KvEntryMaybe<unknown>]) => {
        isBroken = false;
        onEntry(entry);
      };
      while (!shutdown.aborted) {
        try {
          await kv.watch<[unknown]>([key])
            .pipeTo(new WritableStream({ write }), { signal: shutdown });
        } catch (error) {
          if (shutdown.aborted) return;
          // Once per outage, not once per attempt.
          if (!isBroken) log(describeTrouble("watch", error));
          isBroken = true;
        }
        onEntry(undefined);
        const pause = AbortSignal.any([timeout(PAUSE_MS), shutdown]);
        await abortable(new Promise(() => {}), pause).catch(() => {});
      }
    },
  };
}

function describeTrouble(action: string, error: unknown): LogEntry {
  return {
    level: "warn",
    message: `Cannot ${action} Deno KV; working from memory`,
    reason: "kv_failed",
    remedy:
      "If this lasts: check that the app has a KV database, or that KV_URL and DENO_KV_ACCESS_TOKEN are right and this process may use them, then restart it",
    error: error instanceof Error ? error.name : typeof error,
    cause: errorText(error),
  };
}
