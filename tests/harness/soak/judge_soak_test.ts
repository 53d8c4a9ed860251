import assert from "node:assert/strict";
import { judgeSoak } from "../../../harness/soak/judge_soak.ts";
import type { SoakFigures, SoakPhase } from "../../../harness/soak/phases.ts";

const PHASE: SoakPhase = {
  name: "phase",
  perSecond: 1_000,
  p50: 1,
  p99: 5,
  max: 20,
  statuses: { "200": 1_000 },
  memoryMb: 100,
  sockets: 20,
};

type Name = Exclude<keyof SoakFigures, "phases" | "atRest">;

function figures(changes: Partial<Record<Name, Partial<SoakPhase>>> = {}) {
  const names: Name[] = [
    "before",
    "organizations",
    "events",
    "held",
    "down",
    "back",
    "overload",
    "cached",
    "after",
  ];
  const named = Object.fromEntries(
    names.map((name) => [name, { ...PHASE, name, ...changes[name] }]),
  ) as Record<Name, SoakPhase>;
  return { ...named, phases: Object.values(named), atRest: PHASE };
}

function broken(figures: SoakFigures): string[] {
  return judgeSoak(figures).filter(({ holds }) => !holds)
    .map(({ text }) => text.split(":")[0]!);
}

Deno.test("judgeSoak() finds everything as before", () => {
  const refusals = { overload: { statuses: { "200": 1, "504": 9 } } };
  assert.deepEqual(broken(figures(refusals)), []);
});

const FAULTS: Record<string, SoakFigures> = {
  "no answer with status 500": figures({
    overload: { statuses: { "200": 1, "500": 1 } },
  }),
  "every call is answered with 200 if ZITADEL or the cache can": figures({
    cached: { statuses: { "200": 1, "504": 1 } },
  }),
  "refreshes are bounded": figures({ organizations: { sockets: 10_000 } }),
  "half-open clients barely slow the others": figures({ held: { p99: 60 } }),
  "overload is answered within 3000.0 ms": figures({
    overload: { max: 3_000 },
  }),
  "latency is back": figures({ after: { p50: 3 } }),
  "memory is back": {
    ...figures(),
    atRest: { memoryMb: 196, sockets: 20 },
  },
  "sockets are back": { ...figures(), atRest: { memoryMb: 100, sockets: 37 } },
};

Deno.test("judgeSoak() finds each fault", async (t) => {
  for (const [name, faulty] of Object.entries(FAULTS)) {
    await t.step(name, () => {
      assert.deepEqual(broken(faulty), [name]);
    });
  }
});
