/**
 * Waits for a promise, but not longer than a signal allows. What the promise
 * stands for goes on by itself.
 *
 * @param signal Ends the wait.
 * @param promise What to wait for.
 * @returns What the promise gives.
 * @throws The signal's reason, where it comes first.
 */
export function within<T>(
  signal: AbortSignal,
  promise: Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    promise.then(resolve, reject);
  });
}
