/** What a run may ask about itself. */
export interface Flight {
  /** Whether later callers still join it: nothing it depends on has changed since it began. */
  isJoinable: boolean;
  /** `false` once it is outdated: its result must not be kept. */
  isCurrent: boolean;
}

/**
 * Runs one operation per key at a time; callers that come meanwhile share its
 * result. If a run is outdated or no longer joined, it goes on, and those who
 * joined it get its result; later callers share one further run, which starts
 * when it has ended. So at most one run per key is under way and one waits.
 */
export class SingleFlight<T> {
  readonly #running = new Map<
    string,
    { promise: Promise<T>; flight: Flight }
  >();
  readonly #waiting = new Map<string, Promise<T>>();

  /** Joins the run of a key, or starts one. */
  do(key: string, operation: (flight: Flight) => Promise<T>): Promise<T> {
    const waiting = this.#waiting.get(key);
    if (waiting) return waiting;
    const running = this.#running.get(key);
    if (!running) return this.#start(key, operation);
    if (running.flight.isJoinable) return running.promise;
    const start = () => {
      this.#waiting.delete(key);
      return this.#start(key, operation);
    };
    const next = running.promise.then(start, start);
    this.#waiting.set(key, next);
    return next;
  }

  #start(key: string, operation: (flight: Flight) => Promise<T>): Promise<T> {
    const flight = { isJoinable: true, isCurrent: true };
    const promise = Promise.try(operation, flight);
    this.#running.set(key, { promise, flight });
    const end = () => this.#running.delete(key);
    promise.then(end, end);
    return promise;
  }

  /** Outdates the run of a key: what it reads may be older than a change. */
  outdate(key: string): void {
    const flight = this.#running.get(key)?.flight;
    if (flight) flight.isJoinable = flight.isCurrent = false;
  }

  /** Stops later callers from joining the run of a key, or every run. */
  stopJoining(key?: string): void {
    for (const [running, { flight }] of this.#running) {
      if (key === undefined || running === key) flight.isJoinable = false;
    }
  }

  has(key: string): boolean {
    return this.#running.has(key);
  }
}
