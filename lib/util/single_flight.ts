/** What a run may ask about itself. */
export interface Flight {
  /** Whether later callers still join it: nothing it depends on has changed since it began. */
  isJoinable(): boolean;
  /** `false` once it is outdated: its result must not be kept. */
  isCurrent(): boolean;
}

interface Running<T> {
  readonly promise: Promise<T>;
  isJoinable: boolean;
  isCurrent: boolean;
}

interface Waiting<T> {
  readonly promise: Promise<T>;
  readonly start: () => void;
}

/**
 * Runs one operation per key at a time; callers that come meanwhile share its
 * result. If a run is outdated or no longer joined, it goes on, and those who
 * joined it get its result; later callers share one further run, which starts
 * when it has ended. So at most one run per key is under way and one waits.
 */
export class SingleFlight<T> {
  readonly #running = new Map<string, Running<T>>();
  readonly #waiting = new Map<string, Waiting<T>>();

  /** Joins the run of a key, or starts one. */
  do(
    key: string,
    operation: (flight: Flight) => Promise<T>,
  ): Promise<T> {
    const running = this.#running.get(key);
    if (!running) return this.#start(key, operation);
    if (running.isJoinable) return running.promise;
    const waiting = this.#waiting.get(key);
    if (waiting) return waiting.promise;
    const { promise, resolve } = Promise.withResolvers<T>();
    const start = () => resolve(this.#start(key, operation));
    this.#waiting.set(key, { promise, start });
    return promise;
  }

  /** Outdates the run of a key: what it reads may be older than a change. */
  outdate(key: string): void {
    const running = this.#running.get(key);
    if (running) running.isJoinable = running.isCurrent = false;
  }

  /** Stops later callers from joining the run of a key, or every run. */
  stopJoining(key?: string): void {
    const stopped = key === undefined
      ? this.#running.values()
      : [this.#running.get(key)];
    for (const running of stopped) if (running) running.isJoinable = false;
  }

  has(key: string): boolean {
    return this.#running.has(key);
  }

  #start(
    key: string,
    operation: (flight: Flight) => Promise<T>,
  ): Promise<T> {
    let running: Running<T> | undefined = undefined;
    // The operation may ask before the run is registered.
    const flight = {
      isJoinable: () => running?.isJoinable ?? true,
      isCurrent: () => running?.isCurrent ?? true,
    };
    const promise = Promise.try(operation, flight);
    running = { promise, isJoinable: true, isCurrent: true };
    this.#running.set(key, running);
    const end = () => {
      this.#running.delete(key);
      const waiting = this.#waiting.get(key);
      this.#waiting.delete(key);
      waiting?.start();
    };
    promise.then(end, end);
    return promise;
  }
}
