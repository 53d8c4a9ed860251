/**
 * The access to Deno KV. Calls are bounded in time, and failures are logged and
 * never thrown: without KV, or with a bad one, the function works from memory.
 *
 * @module
 */
import type { Log, LogEntry } from "../observability/log.ts";
import { abortable } from "../util/abortable.ts";

/** How long a start waits for KV to open, in milliseconds: a server may never answer. */
const KV_OPEN_TIMEOUT_MS = 2_000;

/** How long KV may take before the function goes on without it, in milliseconds. */
export const KV_TIMEOUT_MS = 300;

/** How long KV is left alone after it failed, in milliseconds: calls that it does not answer pile up. */
export const KV_PAUSE_MS = 1_000;

/** How long to wait before a broken watch starts again, in milliseconds. */
export const WATCH_RETRY_MS = 1_000;

/** What opening the database needs. */
export interface OpenKvOptions {
  /** Where it is; `undefined` for the platform's database or a local file. */
  readonly url?: string | undefined;
  /** Takes a failure. */
  readonly log: Log;
}

/**
 * Opens the database that isolates share. A failure never ends a start.
 *
 * @param open `Deno.openKv`, which is absent without `--unstable-kv`.
 * @param options Where it is, and where to report.
 * @returns The database, or `undefined` if it cannot be opened in time.
 */
export async function openKv(
  open: typeof Deno.openKv | undefined,
  { url, log }: OpenKvOptions,
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
    return await abortable(open(url), AbortSignal.timeout(KV_OPEN_TIMEOUT_MS));
  } catch (error) {
    log(describeTrouble("open", error));
    return undefined;
  }
}

/** What the code that uses KV is given. */
export interface KvOptions {
  /** The database. */
  readonly kv: Deno.Kv;
  /** The instance's origin: part of every key. */
  readonly origin: string;
  /** How long a mapping may be used after it was read, in milliseconds. */
  readonly lifetimeMs: number;
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Creates a signal that is aborted after some milliseconds. */
  readonly timeout: (ms: number) => AbortSignal;
  /** Takes KV's failures. */
  readonly log: Log;
}

/** Told what a watch sees. */
export interface WatchListener {
  /** The key's value now, and whenever it changed since. */
  onValue(value: unknown): void;
  /** The watch broke; it starts again. */
  onBreak(): void;
}

/** Calls and watches of KV that never throw. */
export class KvAccess {
  readonly #options: KvOptions;
  #failedAt = -Infinity;

  /**
   * Creates the access to a database.
   *
   * @param options The database and what else it takes.
   */
  constructor(options: KvOptions) {
    this.#options = options;
  }

  /** Whether KV failed a moment ago. */
  get isPaused(): boolean {
    const since = this.#options.now() - this.#failedAt;
    return since >= 0 && since < KV_PAUSE_MS;
  }

  /**
   * Calls KV. A commit whose check fails is an answer, not a failure. After a
   * failure KV is left alone for a while.
   *
   * @param action What is tried, for the log: `read from`, `write to`, ...
   * @param operation The call.
   * @returns KV's answer, or `undefined` if it failed or is late, which is logged.
   */
  async attempt<T>(
    action: string,
    operation: (kv: Deno.Kv) => Promise<T>,
  ): Promise<T | undefined> {
    return await this.#attempt(action, operation, () => {
      this.#failedAt = this.#options.now();
    });
  }

  /**
   * Calls KV with a mapping of several values. KV may fail because that one
   * mapping is large, so it is not left alone: other organizations use it.
   *
   * @param action What is tried, for the log.
   * @param operation The call.
   * @returns KV's answer, or `undefined` if it failed or is late, which is logged.
   */
  async attemptLarge<T>(
    action: string,
    operation: (kv: Deno.Kv) => Promise<T>,
  ): Promise<T | undefined> {
    return await this.#attempt(action, operation, () => {});
  }

  async #attempt<T>(
    action: string,
    operation: (kv: Deno.Kv) => Promise<T>,
    onFailure: () => void,
  ): Promise<T | undefined> {
    const { kv, timeout, log } = this.#options;
    try {
      return await abortable(
        Promise.try(operation, kv),
        timeout(KV_TIMEOUT_MS),
      );
    } catch (error) {
      onFailure();
      log(describeTrouble(action, error));
      return undefined;
    }
  }

  /**
   * Watches a key until `shutdown` is aborted. A watch that breaks starts again
   * after {@linkcode WATCH_RETRY_MS}.
   *
   * @param key The key.
   * @param listener Told what the watch sees.
   * @param shutdown Ends the watch.
   */
  async watch(
    key: Deno.KvKey,
    listener: WatchListener,
    shutdown: AbortSignal,
  ): Promise<void> {
    let isBroken = false;
    const onValue = (value: unknown) => {
      isBroken = false;
      listener.onValue(value);
    };
    while (!shutdown.aborted) {
      try {
        await this.#watchOnce(key, onValue, shutdown);
      } catch (error) {
        // Once per outage, not once per attempt.
        if (!shutdown.aborted && !isBroken) {
          this.#options.log(describeTrouble("watch", error));
        }
        isBroken = true;
      }
      listener.onBreak();
      await this.pause(WATCH_RETRY_MS, shutdown);
    }
  }

  async #watchOnce(
    key: Deno.KvKey,
    onValue: (value: unknown) => void,
    shutdown: AbortSignal,
  ): Promise<void> {
    const reader = this.#options.kv.watch<[unknown]>([key]).getReader();
    const cancel = () => void reader.cancel().catch(() => {});
    shutdown.addEventListener("abort", cancel);
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        onValue(value[0].value);
      }
    } finally {
      shutdown.removeEventListener("abort", cancel);
    }
  }

  /**
   * Waits before KV is tried again.
   *
   * @param ms How long, in milliseconds.
   * @param shutdown Ends the wait at once.
   */
  async pause(ms: number, shutdown: AbortSignal): Promise<void> {
    const over = new Promise((resolve) =>
      this.#options.timeout(ms).addEventListener("abort", resolve)
    );
    await abortable(over, shutdown).catch(() => {});
  }
}

/** Describes a failure for the log. The error's message may quote what is stored, so only its class is logged. */
function describeTrouble(action: string, error: unknown): LogEntry {
  return {
    level: "warn",
    message: `Cannot ${action} Deno KV; working from memory`,
    reason: "kv_failed",
    remedy:
      "If this lasts: check that the app has a KV database, or that KV_URL and DENO_KV_ACCESS_TOKEN are right and this process may use them, then restart it",
    error: error instanceof Error ? error.name : typeof error,
  };
}
