import assert from "node:assert/strict";
import type { BenchReport } from "../../../harness/bench/report.ts";
import { isReached } from "../../../harness/bench/row.ts";
import { rowsOf } from "../../../harness/bench/rows.ts";
import { figure, NOTHING, REACHED } from "./_report.ts";

const { throughput, coldStart, crowd, memory } = REACHED;

/** One figure over the edge, by the row that misses its target. */
const MISSED: Record<string, Partial<BenchReport>> = {
  "function, info: requests, of the floor's": {
    throughput: {
      ...throughput,
      info: { ...throughput.info, throughput: figure(0.81) },
    },
  },
  "function, warn: requests, of the floor's": {
    throughput: {
      ...throughput,
      warn: { ...throughput.warn, throughput: figure(0.86) },
    },
  },
  "function, info: p99, of the floor's": {
    throughput: {
      ...throughput,
      info: { ...throughput.info, p99: figure(1.2) },
    },
  },
  "failed requests": {
    throughput: {
      ...throughput,
      rows: throughput.rows.map((row) => ({ ...row, errors: 1 })),
    },
  },
  "calls to ZITADEL when warm": {
    throughput: { ...throughput, upstreamCalls: 1 },
  },
  "string: requests, of list's": {
    shapes: REACHED.shapes.map((row) => ({ ...row, ratio: figure(0.89) })),
  },
  "10,000 entries: requests, of those with 10": {
    scaling: {
      ...REACHED.scaling,
      entries: REACHED.scaling.entries.map((row) => ({
        ...row,
        ratio: figure(0.97),
      })),
    },
  },
  "from ZITADEL, no KV, of the bare start": {
    coldStart: [coldStart[0], { ...coldStart[1], ratio: figure(4.1) }],
  },
  "from a warm KV, of the bare start": {
    coldStart: [coldStart[0], { ...coldStart[2], ratio: figure(1.91) }],
  },
  "calls to ZITADEL with a warm KV": {
    coldStart: [coldStart[0], { ...coldStart[2], upstreamCalls: 1 }],
  },
  "the first, beyond the second organization's": {
    firstLogin: { ...REACHED.firstLogin, differenceMs: figure(15.1) },
  },
  "look-ups": { crowd: { ...crowd, lookups: 2 } },
  "correct replies": { crowd: { ...crowd, right: 999 } },
  "memory, last tenth, of the second tenth's": {
    memory: { ...memory, ratio: figure(1.06) },
  },
  "function: added, p50": {
    realToken: {
      ...REACHED.realToken,
      added: { ...REACHED.realToken.added, p50Ms: figure(0.51) },
    },
  },
};

Deno.test("isReached() finds a target reached at its bound", () => {
  const reached = rowsOf(REACHED).map(isReached);
  assert.equal(reached.filter((it) => it === true).length, 18);
  assert.equal(reached.includes(false), false);
});

Deno.test("isReached() finds a target missed past its bound", async (t) => {
  for (const [name, change] of Object.entries(MISSED)) {
    await t.step(name, () => {
      const missed = rowsOf({ ...NOTHING, ...change })
        .filter((row) => isReached(row) === false);
      assert.deepEqual(missed.map((row) => row.name), [name]);
    });
  }
});

Deno.test("rowsOf() has no row for what was not measured", () => {
  assert.deepEqual(rowsOf(NOTHING), []);
});
