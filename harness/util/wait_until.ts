import { sleep } from "./sleep.ts";

/** How often the condition is checked, in milliseconds. */
const INTERVAL_MS = 50;

/**
 * Waits until a condition holds. ZITADEL's reads lag behind its writes, usually
 * by milliseconds, sometimes by a second or two.
 */
export async function waitUntil(
  condition: () => Promise<boolean>,
  options: {
    readonly what: string;
    readonly timeoutMs?: number;
    readonly signal?: AbortSignal;
  },
): Promise<void> {
  const { what, timeoutMs = 15_000, signal } = options;
  const deadline = Date.now() + timeoutMs;
  let cause: unknown;
  do {
    signal?.throwIfAborted();
    try {
      if (await condition()) return;
    } catch (error) {
      cause = error;
    }
    await sleep(INTERVAL_MS, signal);
  } while (Date.now() < deadline);
  const reason = cause instanceof Error ? `: ${cause.message}` : "";
  throw new Error(
    `Timed out after ${timeoutMs / 1000} s waiting until ${what}${reason}`,
    { cause },
  );
}
