import assert from "node:assert/strict";
import {
  type BenchReport,
  judgeReport,
} from "../../../harness/bench/report.ts";

const MACHINE = {
  cpu: "a processor",
  cores: 2,
  os: "linux x86_64",
  deno: "2.9.6",
  load: 0,
};
const RUN = { machine: MACHINE, generator: "wrk", quick: false } as const;
const ROW = {
  name: "",
  requestsPerSecond: 20_000,
  p50Ms: 1,
  p99Ms: 2,
  errors: 0,
  upstreamCalls: 0,
};

/** A report whose every figure just reaches its target. */
const REACHED: BenchReport = {
  ...RUN,
  throughput: {
    rows: [{ ...ROW, name: "floor" }, { ...ROW, name: "function" }],
    throughputRatio: 0.9,
    p99Ratio: 1.5,
  },
  scaling: {
    entries: [10, 10_000].map((entries) => ({
      ...ROW,
      entries,
      roles: 2,
      payloadBytes: 1_300,
      ratio: entries === 10 ? 1 : 0.95,
    })),
    roles: [],
  },
  coldStart: [
    { name: "bare", medianMs: 22, minMs: 20, ratio: 1, upstreamCalls: 0 },
    { name: "empty KV", medianMs: 90, minMs: 80, ratio: 4, upstreamCalls: 1 },
    { name: "warm KV", medianMs: 33, minMs: 30, ratio: 1.5, upstreamCalls: 0 },
  ],
  crowd: { requests: 1_000, right: 1_000, lookups: 1, ms: 200 },
  memory: {
    requests: 1_000_000,
    organizations: 5_000,
    errors: 0,
    secondTenthBytes: 100e6,
    lastTenthBytes: 110e6,
    peakBytes: 120e6,
    ratio: 1.1,
  },
};

/** The same with one figure over the edge, and the target that it misses. */
const MISSED: Record<string, BenchReport> = {
  "throughput, to the floor's": {
    ...RUN,
    throughput: { ...REACHED.throughput!, throughputRatio: 0.89 },
  },
  "p99, to the floor's": {
    ...RUN,
    throughput: { ...REACHED.throughput!, p99Ratio: 1.51 },
  },
  "failed requests": {
    ...RUN,
    throughput: { ...REACHED.throughput!, rows: [{ ...ROW, errors: 1 }] },
  },
  "upstream calls when warm": {
    ...RUN,
    throughput: {
      ...REACHED.throughput!,
      rows: [{ ...ROW, upstreamCalls: 1 }],
    },
  },
  "throughput with 10,000 entries, to that with 10": {
    ...RUN,
    scaling: {
      ...REACHED.scaling!,
      entries: REACHED.scaling!.entries.map((row) => ({ ...row, ratio: 0.94 })),
    },
  },
  "cold start with a warm KV, to a bare server's": {
    ...RUN,
    coldStart: [{ ...REACHED.coldStart![2]!, ratio: 1.51 }],
  },
  "upstream calls at a cold start with a warm KV": {
    ...RUN,
    coldStart: [{ ...REACHED.coldStart![2]!, upstreamCalls: 1 }],
  },
  "look-ups of 1,000 first calls at once": {
    ...RUN,
    crowd: { ...REACHED.crowd!, lookups: 2 },
  },
  "correct replies of 1,000 first calls at once": {
    ...RUN,
    crowd: { ...REACHED.crowd!, right: 999 },
  },
  "memory, last tenth to second tenth": {
    ...RUN,
    memory: { ...REACHED.memory!, ratio: 1.11 },
  },
  "failed requests while memory was measured": {
    ...RUN,
    memory: { ...REACHED.memory!, errors: 1 },
  },
};

Deno.test("judgeReport() finds a target reached at its bound", () => {
  const verdicts = judgeReport(REACHED);
  assert.equal(verdicts.length, 12);
  assert.deepEqual(verdicts.filter(({ reached }) => !reached), []);
});

Deno.test("judgeReport() finds a target missed past its bound", async (t) => {
  for (const [target, report] of Object.entries(MISSED)) {
    await t.step(target, () => {
      const missed = judgeReport(report).filter(({ reached }) => !reached);
      assert.deepEqual(missed.map(({ name }) => name), [target]);
    });
  }
});

Deno.test("judgeReport() ignores what was not measured", () => {
  assert.deepEqual(judgeReport(RUN), []);
});
