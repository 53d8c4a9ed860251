import type { Log } from "../observability/log.ts";
import { abortable } from "../util/abortable.ts";
import { KV_TIMEOUT_MS, kvTrouble } from "./kv_trouble.ts";

/** How long KV is left alone after it failed, in milliseconds: calls that it does not answer pile up. */
export const KV_PAUSE_MS = 1_000;

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

/** Calls of KV that are bounded in time and never throw. */
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
    try {
      return await this.#inTime(operation);
    } catch (error) {
      this.#failedAt = this.#options.now();
      this.#options.log(kvTrouble(action, error));
      return undefined;
    }
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
    try {
      return await this.#inTime(operation);
    } catch (error) {
      this.#options.log(kvTrouble(action, error));
      return undefined;
    }
  }

  #inTime<T>(operation: (kv: Deno.Kv) => Promise<T>): Promise<T> {
    const { kv, timeout } = this.#options;
    return abortable(Promise.try(operation, kv), timeout(KV_TIMEOUT_MS));
  }
}
