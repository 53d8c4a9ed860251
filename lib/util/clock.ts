/** Time, as the platform or a test has it. */
export interface Clock {
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Returns a signal that is aborted after some milliseconds, as `AbortSignal.timeout()` does. */
  readonly timeout: (ms: number) => AbortSignal;
}
