import { setTimeout } from "node:timers/promises";

/** Waits some milliseconds, or until the signal is aborted, which throws its reason. */
export async function sleep(
  milliseconds: number,
  signal?: AbortSignal,
): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { ...signal && { signal } });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
