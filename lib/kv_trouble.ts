import type { LogEntry } from "./log.ts";

/** How long KV may take before the function goes on without it, in milliseconds. */
export const KV_TIMEOUT_MS = 300;

/**
 * Says in the log that KV failed.
 *
 * @param action What was tried.
 * @param error What was thrown; its message may quote what is stored, so only its class is said.
 * @returns The line of the log.
 */
export function kvTrouble(action: string, error: unknown): LogEntry {
  return {
    level: "warn",
    message: `Cannot ${action} in Deno KV; working from memory`,
    reason: "kv_failed",
    error: error instanceof Error ? error.name : typeof error,
  };
}
