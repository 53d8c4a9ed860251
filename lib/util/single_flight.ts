/** A run that is under way. */
export interface Flight {
  /** Returns `false` once {@linkcode SingleFlight.outdate} outdated the run: its result must not be kept. */
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
 * result. After {@linkcode SingleFlight.outdate} or
 * {@linkcode SingleFlight.stopJoining}, later callers share one further run,
 * which starts when the present one has ended. So there is at most one run per
 * key under way and one that waits.
 */
export class SingleFlight<T> {
  readonly #running = new Map<string, Running<T>>();
  readonly #waiting = new Map<string, Waiting<T>>();

  /**
   * Joins the run of a key, or starts one.
   *
   * @param key What the run is about.
   * @param operation Does the work, unless there is a run to join.
   * @returns The run's result.
   * @throws What the run throws.
   */
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

  /**
   * Outdates the run under way. It goes on, and those who joined it get its
   * result, but it is no longer current. Later callers wait for it to end and
   * share a further run.
   *
   * @param key What the run is about.
   */
  outdate(key: string): void {
    const running = this.#running.get(key);
    if (running) running.isJoinable = running.isCurrent = false;
  }

  /**
   * Stops later callers from joining the runs under way, of all keys. The runs
   * go on and stay current. Later callers wait for the run of their key to end
   * and share a further run.
   */
  stopJoining(): void {
    for (const running of this.#running.values()) running.isJoinable = false;
  }

  /**
   * Reports whether a run is under way.
   *
   * @param key What the run is about.
   * @returns `true` if there is one.
   */
  has(key: string): boolean {
    return this.#running.has(key);
  }

  #start(
    key: string,
    operation: (flight: Flight) => Promise<T>,
  ): Promise<T> {
    // The operation may ask before the run is registered: it is current then.
    const flight = { isCurrent: () => running?.isCurrent ?? true };
    let running: Running<T> | undefined = undefined;
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
