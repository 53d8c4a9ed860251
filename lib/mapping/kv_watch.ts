import { abortable } from "../util/abortable.ts";
import type { KvOptions } from "./kv_access.ts";
import { kvTrouble } from "./kv_trouble.ts";

/** How long to wait before a broken watch starts again, in milliseconds. */
export const WATCH_RETRY_MS = 1_000;

/** Told what a watch sees. */
export interface WatchListener {
  /** The key's value now, and whenever it changed since. */
  onValue(value: unknown): void;
  /** The watch broke; it starts again. */
  onBreak(): void;
}

/**
 * Watches a key in KV until the signal ends it, whatever becomes of KV.
 *
 * @param key The key.
 * @param listener Told what the watch sees.
 * @param options The database, and the signal that ends the watch.
 */
export async function watchKey(
  key: Deno.KvKey,
  listener: WatchListener,
  { kv, log, timeout, signal }:
    & Pick<KvOptions, "kv" | "log" | "timeout">
    & { readonly signal: AbortSignal },
): Promise<void> {
  let isBroken = false;
  while (!signal.aborted) {
    try {
      const reader = kv.watch([key]).getReader();
      const cancel = () => void reader.cancel().catch(() => {});
      signal.addEventListener("abort", cancel, { once: true });
      try {
        for (;;) {
          const { value, done } = await reader.read();
          if (done) break;
          isBroken = false;
          listener.onValue(value[0]?.value);
        }
      } finally {
        signal.removeEventListener("abort", cancel);
      }
    } catch (error) {
      // Once per outage, not once per attempt.
      if (!signal.aborted && !isBroken) log(kvTrouble("watch", error));
      isBroken = true;
    }
    listener.onBreak();
    const pause = new Promise((resolve) =>
      timeout(WATCH_RETRY_MS).addEventListener("abort", resolve)
    );
    await abortable(pause, signal).catch(() => {});
  }
}
