import { abortable } from "./abortable.ts";

/** Limits how many callers run at once, first come first served. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(permits: number) {
    this.#free = permits;
  }

  /**
   * Waits for a permit, which is released when it is disposed of.
   *
   * @param signal Ends the wait; without it the wait has no limit.
   * @throws The signal's reason if the signal is aborted before a permit is free.
   */
  async acquire(signal?: AbortSignal): Promise<Disposable> {
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    const permit = new DisposableStack();
    permit.defer(() => this.#release());
    return permit;
  }

  async #wait(signal?: AbortSignal): Promise<void> {
    const { promise: turn, resolve: start } = Promise.withResolvers<void>();
    this.#waiting.add(start);
    try {
      await (signal ? abortable(turn, signal) : turn);
    } catch (error) {
      // Both may happen in one turn of the event loop.
      const hasPermit = !this.#waiting.delete(start);
      if (hasPermit) this.#release();
      throw error;
    }
  }

  /** Passes the permit on to the caller that has waited longest. */
  #release(): void {
    const [next] = this.#waiting;
    if (!next) return void this.#free++;
    this.#waiting.delete(next);
    next();
  }
}
