import assert from "node:assert/strict";
import { mock } from "node:test";
import { Invalidations } from "../../../lib/mapping/invalidations.ts";
import type { LogEntry } from "../../../lib/observability/log.ts";
import { ORIGIN, turn } from "./_isolate.ts";
import { type Gate, MemoryKv } from "../_memory_kv.ts";

/** An isolate's word to the others, and what it logged. */
function setUp(kv: Deno.Kv) {
  const log: LogEntry[] = [];
  const isolate = new Invalidations({
    kv,
    origin: ORIGIN,
    log: (entry) => void log.push(entry),
  });
  return { isolate, log };
}

/** An announcement alone, with no mapping to bury. */
const nothing = () => {};

/** Watches as an isolate does, and keeps what it was told. */
async function watch(isolate: Invalidations) {
  const told: (string | undefined)[] = [];
  const ended = new AbortController();
  await isolate.watch((organization) => told.push(organization), ended.signal);
  const until = async (count: number) => {
    for (let turns = 0; told.length < count && turns < 100_000; turns++) {
      await turn();
    }
    return told;
  };
  return { told, until, [Symbol.dispose]: () => ended.abort() };
}

Deno.test("watch() tells of what other isolates voided, and not of this one's", async () => {
  using kv = await Deno.openKv(":memory:");
  const one = setUp(kv).isolate;
  const other = setUp(kv).isolate;
  using watched = await watch(one);
  await one.announce("own", nothing);
  await other.announce("1", nothing);
  await one.announce("own", nothing);
  await other.announce("2", nothing);
  assert.deepEqual(await watched.until(2), ["1", "2"]);
});

Deno.test("watch() misses nothing when many isolates announce at once", async () => {
  using kv = await Deno.openKv(":memory:");
  using watched = await watch(setUp(kv).isolate);
  const organizations = Array.from({ length: 6 }, (_, i) => String(i));
  const done = await Promise.all(
    organizations.map((organization) =>
      setUp(kv).isolate.announce(organization, nothing)
    ),
  );
  assert.deepEqual(new Set(done), new Set([true]));
  const told = await watched.until(6);
  assert.deepEqual(told.toSorted(), organizations);
});

Deno.test("announce() has everything dropped where it cannot get its turn", async () => {
  const kv = new MemoryKv();
  using watched = await watch(setUp(kv.connect()).isolate);
  const rival = setUp(kv.connect()).isolate;
  const gate: Gate = async (call) => {
    if (call === "commit >") await rival.announce("rival", nothing);
  };
  assert.equal(
    await setUp(kv.connect({ gate })).isolate.announce("1", nothing),
    true,
  );
  await watched.until(9);
  assert.ok(watched.told.includes(undefined));
});

Deno.test("watch() of a slow watcher tells each once, or has everything dropped", async (t) => {
  const names = Array.from({ length: 64 }, (_, index) => String(index));
  const cases: [number, (string | undefined)[]][] = [
    [64, names],
    [65, ["0", undefined]],
  ];
  for (const [count, expected] of cases) {
    await t.step(`${count} announcements behind`, async () => {
      const kv = new MemoryKv();
      let held = Promise.resolve();
      const gate: Gate = (call) =>
        call === "watch <" ? held : Promise.resolve();
      using watched = await watch(setUp(kv.connect({ gate })).isolate);
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      const other = setUp(kv.connect()).isolate;
      for (let index = 0; index < count; index++) {
        await other.announce(String(index), nothing);
        await turn();
      }
      resolve();
      assert.deepEqual(await watched.until(expected.length), expected);
    });
  }
});

Deno.test("watch() goes on after its connection broke, with what happened meanwhile", async () => {
  const kv = new MemoryKv();
  let isBroken = false;
  let refused = 0;
  const gate: Gate = (call) => {
    if (!isBroken || call !== "watch <") return Promise.resolve();
    refused++;
    return Promise.reject(new TypeError());
  };
  const { isolate, log } = setUp(kv.connect({ gate }));
  const other = setUp(kv.connect()).isolate;
  using watched = await watch(isolate);
  await other.announce("before", nothing);
  await watched.until(1);
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    isBroken = true;
    await other.announce("1", nothing);
    await turn();
    await other.announce("2", nothing);
    await turn();
    assert.equal(refused, 1);
    isBroken = false;
    mock.timers.tick(1_000);
    assert.deepEqual(await watched.until(3), ["before", "1", "2"]);
    assert.equal(log.length, 1);
    assert.equal(log[0]?.reason, "kv_failed");
  } finally {
    mock.timers.reset();
  }
});

Deno.test("watch() drops everything when what it had seen is gone", async () => {
  using kv = await Deno.openKv(":memory:");
  const other = setUp(kv).isolate;
  using watched = await watch(setUp(kv).isolate);
  await other.announce("1", nothing);
  await watched.until(1);
  await kv.set(["role_permissions_void", 1, ORIGIN], "garbage");
  assert.deepEqual(await watched.until(2), ["1", undefined]);
  await other.announce("2", nothing);
  assert.deepEqual(await watched.until(3), ["1", undefined, "2"]);
});

Deno.test("watch() does not wait for a KV that fails", async () => {
  const gate: Gate = () => Promise.reject(new TypeError());
  // No time passes, so that waiting would never end.
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const kv = new MemoryKv().connect({ gate });
    using watched = await watch(setUp(kv).isolate);
    assert.deepEqual(watched.told, []);
  } finally {
    mock.timers.reset();
  }
});
