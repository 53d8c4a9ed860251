/** Creates a `fetch` that answers nothing until the caller gives up. */
export function silentFetch(): typeof fetch {
  return (input, init) => {
    const signal = init?.signal ??
      (input instanceof Request ? input.signal : undefined);
    return new Promise((_, reject) =>
      signal?.addEventListener("abort", () => reject(signal.reason))
    );
  };
}
