/** Lets so many pass at once; the others wait in the order in which they came. */
export class Turnstile {
  #free: number;
  readonly #waiting = new Set<() => void>();

  /**
   * Makes a turnstile.
   *
   * @param atOnce How many may have passed and not left.
   */
  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /**
   * Waits for a turn. Whoever got one must {@linkcode Turnstile.leave}.
   *
   * @param signal Ends the wait.
   * @throws The signal's reason, where it comes before the turn.
   */
  enter(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const pass = () => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.delete(pass);
        reject(signal.reason);
      };
      if (signal.aborted) return giveUp();
      this.#waiting.add(pass);
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** Gives the turn to whoever waited longest. */
  leave(): void {
    for (const pass of this.#waiting) {
      this.#waiting.delete(pass);
      return pass();
    }
    this.#free++;
  }
}
