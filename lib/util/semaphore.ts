/** Limits how many callers run at once, first come first served. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(permits: number) {
    this.#free = permits;
  }

  /**
   * Waits for a permit.
   *
   * @param signal Ends the wait; without it the wait has no limit.
   * @returns The permit. Disposing of it releases it, once.
   * @throws The signal's reason if the signal is aborted before a permit is free.
   */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#release();
        isHeld = false;
      },
    };
  }

  #wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const start = () => {
        signal?.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = () => {
        this.#waiting.delete(start);
        reject(signal?.reason);
      };
      if (signal?.aborted) return giveUp();
      this.#waiting.add(start);
      signal?.addEventListener("abort", giveUp);
    });
  }

  /** Passes the permit on to the caller that has waited longest. */
  #release(): void {
    for (const start of this.#waiting) {
      this.#waiting.delete(start);
      return start();
    }
    this.#free++;
  }
}
