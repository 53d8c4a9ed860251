import assert from "node:assert/strict";
import { type Flight, SingleFlight } from "../../../lib/util/single_flight.ts";

/** Runs whose ends a test decides. */
function setUp() {
  const flights = new SingleFlight<string>();
  const runs: { flight: Flight; end: (result: string) => void }[] = [];
  const run = (key = "a") =>
    flights.do(key, (flight) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      runs.push({ flight, end: resolve });
      return promise;
    });
  return { flights, runs, run };
}

Deno.test("SingleFlight.do() shares the run under way", async () => {
  const { flights, runs, run } = setUp();
  const calls = [run(), run()];
  assert.equal(runs.length, 1);
  assert.ok(flights.has("a"));
  assert.ok(!flights.has("b"));
  runs[0]!.end("one");
  assert.deepEqual(await Promise.all(calls), ["one", "one"]);
  assert.ok(!flights.has("a"));
});

Deno.test("SingleFlight.do() runs once per key", () => {
  const { runs, run } = setUp();
  run("a");
  run("b");
  assert.equal(runs.length, 2);
});

Deno.test("SingleFlight.do() has one run under way and one that waits after outdate()", async () => {
  const { flights, runs, run } = setUp();
  const first = run();
  flights.outdate("a");
  assert.ok(!runs[0]!.flight.isCurrent);
  assert.ok(!runs[0]!.flight.isJoinable);
  const second = run();
  flights.outdate("a");
  const third = run();
  assert.equal(runs.length, 1);
  runs[0]!.end("one");
  assert.equal(await first, "one");
  assert.equal(runs.length, 2);
  assert.ok(runs[1]!.flight.isCurrent);
  const fourth = run();
  runs[1]!.end("two");
  assert.deepEqual(await Promise.all([second, third, fourth]), [
    "two",
    "two",
    "two",
  ]);
  run();
  assert.equal(runs.length, 3);
});

Deno.test("SingleFlight.stopJoining() keeps callers from joining, and the runs current", async () => {
  const { flights, runs, run } = setUp();
  const first = run();
  flights.stopJoining("b");
  assert.ok(runs[0]!.flight.isJoinable);
  flights.stopJoining();
  assert.ok(!runs[0]!.flight.isJoinable);
  assert.ok(runs[0]!.flight.isCurrent);
  const second = run();
  assert.equal(runs.length, 1);
  runs[0]!.end("one");
  assert.equal(await first, "one");
  runs[1]!.end("two");
  assert.equal(await second, "two");
});

Deno.test("SingleFlight.do() starts the run that waits also after a failure", async () => {
  const flights = new SingleFlight<string>();
  const failing = flights.do("a", () => Promise.reject(new Error("down")));
  flights.outdate("a");
  const waiting = flights.do("a", () => Promise.resolve("up"));
  await assert.rejects(failing, /down/);
  assert.equal(await waiting, "up");
});

Deno.test("SingleFlight.stopJoining() stops one key", () => {
  const { flights, runs, run } = setUp();
  run("a");
  run("b");
  flights.stopJoining("b");
  assert.ok(runs[0]!.flight.isJoinable);
  assert.ok(!runs[1]!.flight.isJoinable);
});
