import type { BenchContext } from "./context.ts";
import type { SignedCall } from "./call.ts";

/** How many connections there are: the webhook client of a busy ZITADEL. */
export const CONNECTIONS = 32;

export interface LoadOptions {
  /** Where to. */
  readonly url: string;
  readonly calls: readonly SignedCall[];
  readonly seconds: number;
}

/** What came of a round of load. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** The median time to an answer, in milliseconds. */
  readonly p50Ms: number;
  /** The time within which 99 of 100 were answered, in milliseconds. */
  readonly p99Ms: number;
  /** Requests that failed, or were not answered with success. */
  readonly errors: number;
}

/** A program that makes load. */
export interface LoadGenerator {
  readonly name: "wrk" | "autocannon";
  /** Makes load with one thread and {@linkcode CONNECTIONS} connections. */
  readonly run: (
    options: LoadOptions,
    context: BenchContext,
  ) => Promise<LoadResult>;
}
