import type { BenchReport } from "../../../harness/bench/report.ts";
import type { Figure } from "../../../harness/bench/statistics.ts";

/** A figure with a spread around it. */
export function figure(median: number): Figure {
  return { median, low: median * 0.9, high: median * 1.1 };
}

const LOAD = {
  requestsPerSecond: figure(20_000),
  p50Ms: figure(1),
  p99Ms: figure(2),
  errors: 0,
};

const TIME = { p50Ms: figure(12), p99Ms: figure(20) };

/** The least of a report: nothing was measured. */
export const NOTHING: BenchReport = {
  machine: {
    cpu: "a processor",
    cores: 2,
    os: "linux x86_64",
    deno: "2.9.6",
    load: 0,
  },
  generator: "wrk",
  quick: false,
  failed: [],
};

/** A report whose every figure just reaches its target. */
export const REACHED = {
  ...NOTHING,
  throughput: {
    rows: ["bare", "floor", "info", "warn"].map((name) => ({ ...LOAD, name })),
    info: { throughput: figure(0.82), p99: figure(1.15) },
    warn: { throughput: figure(0.87), p99: figure(1.1) },
    upstreamCalls: 0,
  },
  shapes: (["list", "string"] as const).map((shape) => ({
    ...LOAD,
    name: shape,
    shape,
    ratio: figure(shape === "list" ? 1 : 0.9),
  })),
  scaling: {
    entries: [10, 1_000, 10_000].map((entries) => ({
      ...LOAD,
      name: `${entries}`,
      entries,
      roles: 2,
      payloadBytes: 1_300,
      ratio: figure(entries === 10 ? 1 : 0.98),
    })),
    roles: [],
  },
  coldStart: [
    { name: "bare", ms: figure(22), ratio: figure(1), upstreamCalls: 0 },
    { name: "no KV", ms: figure(88), ratio: figure(4), upstreamCalls: 1 },
    { name: "warm KV", ms: figure(33), ratio: figure(1.9), upstreamCalls: 0 },
  ],
  firstLogin: {
    firstMs: figure(20),
    secondMs: figure(5),
    warmMs: figure(1),
    differenceMs: figure(15),
  },
  crowd: { requests: 1_000, right: 1_000, lookups: 1, ms: 200 },
  memory: {
    requests: 1_000_000,
    organizations: 5_000,
    errors: 0,
    secondTenthBytes: figure(100e6),
    lastTenthBytes: figure(105e6),
    peakBytes: 120e6,
    ratio: figure(1.05),
  },
  realToken: {
    tokens: 800,
    without: TIME,
    constant: TIME,
    withFunction: TIME,
    added: { p50Ms: figure(0.5), p99Ms: figure(2) },
    own: { p50Ms: figure(0.2), p99Ms: figure(1) },
  },
} as const satisfies BenchReport;
