import assert from "node:assert/strict";
import { type Flight, SingleFlight } from "../../../lib/util/single_flight.ts";

/** Runs whose ends a test decides. */
function setUp() {
  const flights = new SingleFlight<string>();
  const runs: { flight: Flight; end: (result: string) => void }[] = [];
  const run = (key: string) =>
    flights.do(key, (flight) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      runs.push({ flight, end: resolve });
      return promise;
    });
  return { flights, runs, run };
}

Deno.test("SingleFlight.do() starts the run that waits also after a failure", async () => {
  const flights = new SingleFlight<string>();
  const failing = flights.do("a", () => Promise.reject(new Error("down")));
  flights.outdate("a");
  const waiting = flights.do("a", () => Promise.resolve("up"));
  await assert.rejects(failing, /down/);
  assert.equal(await waiting, "up");
});

Deno.test("SingleFlight.stopJoining() keeps callers from joining one run or all, which stay current", async () => {
  const { flights, runs, run } = setUp();
  const first = run("a");
  run("b");
  flights.stopJoining("b");
  assert.deepEqual(runs.map((it) => it.flight.isJoinable), [true, false]);
  flights.stopJoining();
  assert.deepEqual(runs[0]!.flight, { isJoinable: false, isCurrent: true });
  const second = run("a");
  assert.equal(runs.length, 2);
  runs[0]!.end("one");
  assert.equal(await first, "one");
  runs[2]!.end("two");
  assert.equal(await second, "two");
});
