/**
 * Waits for a promise until a signal is aborted. The operation behind the
 * promise continues on its own.
 *
 * @param promise What to wait for.
 * @param signal Ends the wait.
 * @returns The promise's value.
 * @throws The signal's reason if the signal is aborted first.
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() =>
      signal.removeEventListener("abort", abort)
    );
  });
}
