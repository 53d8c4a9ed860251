import type { LogEntry } from "../observability/log.ts";

/** How long a start waits for KV to open, in milliseconds: a server may never answer. */
export const KV_OPEN_TIMEOUT_MS = 2_000;

/** How long KV may take before the function goes on without it, in milliseconds. */
export const KV_TIMEOUT_MS = 300;

/**
 * Describes a failure of KV for the log.
 *
 * @param action What was tried: `open`, `read from`, `write to`, ...
 * @param error What was thrown; its message may quote what is stored, so only its class is logged.
 * @returns The log line.
 */
export function kvTrouble(action: string, error: unknown): LogEntry {
  return {
    level: "warn",
    message: `Cannot ${action} Deno KV; working from memory`,
    reason: "kv_failed",
    remedy:
      "If this lasts: check that the app has a KV database, or that KV_URL and DENO_KV_ACCESS_TOKEN are right and this process may use them, then restart it",
    error: error instanceof Error ? error.name : typeof error,
  };
}
