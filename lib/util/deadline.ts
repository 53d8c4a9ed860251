/**
 * The time that one call may spend waiting, over all its waits. The timer starts
 * with the first wait, so a call that never waits costs none.
 */
export class Deadline {
  readonly #start: () => AbortSignal;
  #signal: AbortSignal | undefined;

  /** @param start Starts the timer, as `AbortSignal.timeout()` does. */
  constructor(start: () => AbortSignal) {
    this.#start = start;
  }

  /** The signal, aborted once the time is over. Reading it starts the timer. */
  get signal(): AbortSignal {
    return this.#signal ??= this.#start();
  }
}
