/** A signal that counts its listeners. */
export function countListeners(controller: AbortController) {
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listeners.add(args[1]);
    Reflect.apply(addEventListener, signal, args);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    if (args[0] === "abort") listeners.delete(args[1]);
    Reflect.apply(removeEventListener, signal, args);
  };
  return { signal, count: () => listeners.size };
}
