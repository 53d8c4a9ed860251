import type { BenchContext } from "./context.ts";
import type { SignedCall } from "./call.ts";

/** The number of connections: a busy ZITADEL's webhook client. */
export const CONNECTIONS = 32;

export interface LoadOptions {
  readonly url: string;
  readonly calls: readonly SignedCall[];
  readonly seconds: number;
}

/** The figures of a round of load. */
export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  /** The median latency, in milliseconds. */
  readonly p50Ms: number;
  /** The 99th percentile of the latency, in milliseconds. */
  readonly p99Ms: number;
  /** Requests that failed or were refused. */
  readonly errors: number;
}

/** A program that creates load. */
export interface LoadGenerator {
  readonly name: "wrk" | "autocannon";
  /** Creates load with one thread and {@linkcode CONNECTIONS} connections. */
  readonly run: (
    options: LoadOptions,
    context: BenchContext,
  ) => Promise<LoadResult>;
}
