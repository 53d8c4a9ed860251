/** A clock that stands still until it is moved, and the timers that go by it. */
export class Clock {
  #now = Date.UTC(2026, 6, 10);
  readonly #timers = new Map<AbortController, number>();

  readonly now = (): number => this.#now;

  readonly timeout = (ms: number): AbortSignal => {
    const controller = new AbortController();
    this.#timers.set(controller, this.#now + ms);
    return controller.signal;
  };

  /** How many timers run. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on, and fires the timers that are due, in order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].sort(([, a], [, b]) => a - b);
      if (!next || next[1] > end) break;
      const [controller, due] = next;
      this.#timers.delete(controller);
      this.#now = due;
      controller.abort(new DOMException("Timed out", "TimeoutError"));
    }
    this.#now = end;
  }
}
