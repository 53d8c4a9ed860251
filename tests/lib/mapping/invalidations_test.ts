import assert from "node:assert/strict";
import { MAX_LISTED } from "../../../lib/mapping/invalidation_list.ts";
import {
  ANNOUNCE_RETRY_MS,
  Invalidations,
} from "../../../lib/mapping/invalidations.ts";
import {
  KV_TIMEOUT_MS,
  KvAccess,
  WATCH_RETRY_MS,
} from "../../../lib/mapping/kv_access.ts";
import { kvKeys } from "../../../lib/mapping/kv_schema.ts";
import { Clock, kvOptions, ORIGIN, turn } from "./_isolate.ts";
import { type Gate, MemoryKv } from "../_memory_kv.ts";
import { countListeners } from "../util/_listeners.ts";

const KEYS = kvKeys(ORIGIN);
const ANNOUNCED = { kind: "announced" };

/** An isolate's word to the others, and what it logged. */
function setUp(kv: Deno.Kv, clock = new Clock()) {
  const { options, log } = kvOptions(kv, clock);
  const isolate = new Invalidations(new KvAccess(options), options);
  return { isolate, log, clock };
}

/** Watches as an isolate does, and keeps what it was told. */
async function watch(
  isolate: Invalidations,
  ended = new AbortController(),
) {
  const told: string[] = [];
  const listener = {
    onInvalidated: (organization: string, sequence?: number) =>
      void told.push(
        sequence === undefined ? organization : `${organization}#${sequence}`,
      ),
    onGap: () => void told.push("gap"),
  };
  const begun = isolate.watch(listener, ended.signal);
  await begun;
  const until = async (count: number) => {
    for (let turns = 0; told.length < count && turns < 100_000; turns++) {
      await turn();
    }
    await turn();
    return told;
  };
  return { told, until, [Symbol.dispose]: () => ended.abort() };
}

/** Lets a watcher see only the last value of what happens while it is held. */
function holdable() {
  let held: Promise<void> = Promise.resolve();
  const gate: Gate = (call) => call === "watch <" ? held : Promise.resolve();
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  };
  return { gate, hold };
}

Deno.test("watch() tells of what other isolates invalidated, and not of this one's", async () => {
  using kv = await Deno.openKv(":memory:");
  const one = setUp(kv).isolate;
  const other = setUp(kv).isolate;
  using watched = await watch(one);
  assert.deepEqual(await one.invalidate("own"), ANNOUNCED);
  await other.invalidate("1", 5);
  assert.deepEqual(await watched.until(1), ["1#5"]);
  await one.invalidate("own", 1);
  await other.invalidate("2");
  assert.deepEqual(await watched.until(2), ["1#5", "2"]);
});

Deno.test("watch() misses nothing when many isolates announce at once", async () => {
  using kv = await Deno.openKv(":memory:");
  using watched = await watch(setUp(kv).isolate);
  const organizations = Array.from({ length: 6 }, (_, i) => String(i));
  const done = await Promise.all(
    organizations.map((organization) =>
      setUp(kv).isolate.invalidate(organization)
    ),
  );
  assert.deepEqual(done, organizations.map(() => ANNOUNCED));
  const told = await watched.until(6);
  assert.deepEqual(told.toSorted(), organizations);
});

Deno.test("watch() sees no gap in a full list that it sees first", async () => {
  const kv = new MemoryKv();
  const other = setUp(kv.connect()).isolate;
  for (let index = 0; index < 2 * MAX_LISTED; index++) {
    await other.invalidate(String(index));
  }
  using watched = await watch(setUp(kv.connect()).isolate);
  await other.invalidate("next");
  assert.deepEqual(await watched.until(1), ["next"]);
});

Deno.test("watch() begins with a gap if it begins late", async () => {
  const kv = new MemoryKv();
  const { gate, hold } = holdable();
  const begin = hold();
  const { isolate, clock } = setUp(kv.connect({ gate }));
  const watching = watch(isolate);
  await turn();
  clock.advance(KV_TIMEOUT_MS);
  using watched = await watching;
  assert.deepEqual(watched.told, []);
  begin();
  assert.deepEqual(await watched.until(1), ["gap"]);
});

Deno.test("invalidate() starts the list again if it cannot get its turn", async () => {
  const kv = new MemoryKv();
  using watched = await watch(setUp(kv.connect()).isolate);
  const rival = setUp(kv.connect()).isolate;
  const gate: Gate = async (call) => {
    if (call === "commit >") await rival.invalidate("rival");
  };
  const { isolate, log } = setUp(kv.connect({ gate }));
  assert.deepEqual(await isolate.invalidate("1"), ANNOUNCED);
  await watched.until(9);
  assert.equal(watched.told.at(-1), "gap");
  assert.deepEqual(log, []);
  await setUp(kv.connect()).isolate.invalidate("next");
  await watched.until(watched.told.length + 1);
  assert.equal(watched.told.at(-1), "next");
});

Deno.test("invalidate() that starts the list again is a gap also for a watcher that saw no list yet", async () => {
  const kv = new MemoryKv();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let values = 0;
  using watched = await watch(
    setUp(kv.connect({
      gate: (call) =>
        call === "watch >" && values++ > 0 ? held : Promise.resolve(),
    })).isolate,
  );
  await turn();
  const rival = setUp(kv.connect()).isolate;
  const contended: Gate = async (call) => {
    if (call === "commit >") await rival.invalidate("rival");
  };
  await setUp(kv.connect({ gate: contended })).isolate.invalidate("1");
  release();
  assert.equal((await watched.until(1))[0], "gap");
});

Deno.test("watch() of a slow watcher tells each once, or of a gap", async (t) => {
  const names = Array.from({ length: MAX_LISTED + 1 }, (_, i) => String(i));
  const cases: [number, string[]][] = [
    [MAX_LISTED, names.slice(0, MAX_LISTED)],
    // The first arrives before the watcher falls behind.
    [MAX_LISTED + 1, names],
    [MAX_LISTED + 2, ["0", "gap", ...names.slice(2), String(MAX_LISTED + 1)]],
  ];
  for (const [count, expected] of cases) {
    await t.step(`${count} announcements behind`, async () => {
      const kv = new MemoryKv();
      const { gate, hold } = holdable();
      using watched = await watch(setUp(kv.connect({ gate })).isolate);
      const release = hold();
      const other = setUp(kv.connect()).isolate;
      for (let index = 0; index < count; index++) {
        await other.invalidate(String(index));
        await turn();
      }
      release();
      assert.deepEqual(await watched.until(expected.length), expected);
    });
  }
});

Deno.test("watch() tells of the latest of many invalidations of one organization, without a gap", async () => {
  const kv = new MemoryKv();
  const { gate, hold } = holdable();
  using watched = await watch(setUp(kv.connect({ gate })).isolate);
  const release = hold();
  const other = setUp(kv.connect()).isolate;
  await other.invalidate("first");
  await turn();
  await other.invalidate("quiet", 1);
  for (let sequence = 1; sequence <= 3 * MAX_LISTED; sequence++) {
    await other.invalidate("noisy", sequence);
  }
  release();
  assert.deepEqual(await watched.until(3), [
    "first",
    "quiet#1",
    `noisy#${3 * MAX_LISTED}`,
  ]);
});

Deno.test("invalidate() tells of another isolate's announcement that it replaced unseen", async () => {
  const kv = new MemoryKv();
  const { gate, hold } = holdable();
  let isDown = true;
  const { isolate, clock } = setUp(kv.connect({
    gate: (call) =>
      isDown && call === "commit >"
        ? Promise.reject(new TypeError())
        : gate(call),
  }));
  using watched = await watch(isolate);
  const release = hold();
  // Is on its way to the watcher already.
  await setUp(kv.connect()).isolate.invalidate("first");
  await turn();
  // KV cannot be told, so the announcement is made later.
  assert.deepEqual(await isolate.invalidate("1", 1), { kind: "failed" });
  assert.deepEqual(watched.told, []);
  await setUp(kv.connect()).isolate.invalidate("1");
  isDown = false;
  clock.advance(KV_TIMEOUT_MS);
  assert.equal(await isolate.confirm("1"), true);
  assert.deepEqual(watched.told, ["1"]);
  release();
  assert.deepEqual(await watched.until(2), ["1", "first"]);
});

Deno.test("invalidate() has one announcement in flight and one waiting", async () => {
  const kv = new MemoryKv();
  let commits = 0;
  const { isolate } = setUp(kv.connect({ onCommit: () => void commits++ }));
  using watched = await watch(isolate);
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, (_, index) => isolate.invalidate("1", index)),
  );
  assert.deepEqual(outcomes, outcomes.map(() => ANNOUNCED));
  assert.equal(commits, 2);
  assert.deepEqual(watched.told, []);
  const other = setUp(kv.connect()).isolate;
  assert.equal((await other.invalidate("1", 59)).kind, "known");
  assert.equal((await other.invalidate("1", 60)).kind, "announced");
});

Deno.test("invalidate() knows an event that KV has, and what KV has for it", async () => {
  using kv = await Deno.openKv(":memory:");
  assert.deepEqual(await setUp(kv).isolate.invalidate("1", 7), ANNOUNCED);
  const { versionstamp: version } = await kv.get(KEYS.mapping("1"));
  const { isolate } = setUp(kv);
  using watched = await watch(isolate);
  for (const sequence of [7, 6, 0]) {
    assert.deepEqual(await isolate.invalidate("1", sequence), {
      kind: "known",
      version,
    });
  }
  assert.deepEqual(watched.told, []);
  assert.deepEqual(await isolate.invalidate("2", 7), ANNOUNCED);
  assert.deepEqual(await isolate.invalidate("1"), ANNOUNCED);
  assert.deepEqual(await isolate.invalidate("1", 7), {
    kind: "known",
    version: (await kv.get(KEYS.mapping("1"))).versionstamp,
  });
  assert.deepEqual(await isolate.invalidate("1", 8), ANNOUNCED);
});

Deno.test("confirm() tries an announcement again that KV did not confirm", async () => {
  const kv = new MemoryKv();
  let isDown = true;
  const { isolate } = setUp(kv.connect({
    gate: (call) =>
      isDown && call === "commit >"
        ? Promise.reject(new TypeError())
        : Promise.resolve(),
  }));
  using watched = await watch(isolate);
  assert.equal(await isolate.confirm("1"), true);
  for (const sequence of [1, 2]) {
    const outcome = await isolate.invalidate("1", sequence);
    assert.deepEqual(outcome, { kind: "failed" });
  }
  assert.equal(await isolate.confirm("1"), false);
  assert.equal(await isolate.confirm("2"), true);
  isDown = false;
  assert.equal(await isolate.confirm("1"), true);
  assert.deepEqual(watched.told, []);
  const other = setUp(kv.connect()).isolate;
  assert.equal((await other.invalidate("1", 2)).kind, "known");
});

Deno.test("invalidate() announces in the background what KV did not confirm", async (t) => {
  /** An isolate whose commits KV refuses, beside one that watches. */
  const setUpOutage = async () => {
    const kv = new MemoryKv();
    const world = { isDown: true, attempts: 0 };
    const gate: Gate = (call) => {
      if (call !== "commit >") return Promise.resolve();
      world.attempts++;
      return world.isDown ? Promise.reject(new TypeError()) : Promise.resolve();
    };
    const { isolate, clock } = setUp(kv.connect({ gate }));
    const watched = await watch(isolate);
    const other = await watch(setUp(kv.connect()).isolate);
    for (const organization of ["1", "2"]) {
      await isolate.invalidate(organization, 1);
    }
    world.attempts = 0;
    const advance = async (ms: number) => {
      clock.advance(ms);
      for (let turns = 0; turns < 5; turns++) await turn();
    };
    return { world, isolate, other, advance, shutDown: watched };
  };

  await t.step("once KV is back", async () => {
    const { world, other, advance, shutDown } = await setUpOutage();
    using _ = shutDown;
    using __ = other;
    await advance(ANNOUNCE_RETRY_MS[0]! - 1);
    assert.equal(world.attempts, 0);
    await advance(1);
    assert.equal(world.attempts, 1, "asks for the others though KV is down");
    world.isDown = false;
    await advance(ANNOUNCE_RETRY_MS[1]!);
    assert.equal(world.attempts, 3);
    assert.deepEqual(await other.until(2), ["1#1", "2#1"]);
    await advance(1_000_000);
    assert.equal(world.attempts, 3);
  });

  await t.step("a few times, and again after the next event", async () => {
    const { world, isolate, other, advance, shutDown } = await setUpOutage();
    using _ = shutDown;
    using __ = other;
    for (const ms of ANNOUNCE_RETRY_MS) await advance(ms);
    await advance(1_000_000);
    assert.equal(world.attempts, ANNOUNCE_RETRY_MS.length);
    await isolate.invalidate("1", 2);
    world.isDown = false;
    await advance(ANNOUNCE_RETRY_MS[0]!);
    assert.deepEqual(await other.until(2), ["1#2", "2#1"]);
  });

  await t.step("until the shutdown", async () => {
    const { world, other, advance, shutDown } = await setUpOutage();
    using _ = other;
    shutDown[Symbol.dispose]();
    world.isDown = false;
    await advance(1_000_000);
    assert.equal(world.attempts, 0);
  });
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
  const { isolate, log, clock } = setUp(kv.connect({ gate }));
  const other = setUp(kv.connect()).isolate;
  using watched = await watch(isolate);
  await other.invalidate("before");
  await watched.until(1);
  isBroken = true;
  await other.invalidate("1");
  await turn();
  await other.invalidate("2");
  await turn();
  assert.equal(refused, 1);
  clock.advance(WATCH_RETRY_MS);
  await turn();
  await turn();
  assert.equal(refused, 2);
  isBroken = false;
  clock.advance(WATCH_RETRY_MS);
  assert.deepEqual(await watched.until(3), ["before", "1", "2"]);
  // Once, not at every attempt.
  assert.equal(log.length, 1);
  assert.equal(log[0]?.reason, "kv_failed");
  isBroken = true;
  await other.invalidate("3");
  await turn();
  assert.equal(log.length, 2);
});

Deno.test("watch() has a gap when what it had seen is gone", async () => {
  using kv = await Deno.openKv(":memory:");
  const other = setUp(kv).isolate;
  using watched = await watch(setUp(kv).isolate);
  await other.invalidate("1");
  await watched.until(1);
  await kv.set(KEYS.invalidations, "garbage");
  assert.deepEqual(await watched.until(2), ["1", "gap"]);
  await other.invalidate("2");
  assert.deepEqual(await watched.until(3), ["1", "gap", "2"]);
});

Deno.test("watch() ends at the shutdown", async () => {
  const kv = new MemoryKv();
  const watched = await watch(setUp(kv.connect()).isolate);
  assert.equal(kv.watches, 1);
  watched[Symbol.dispose]();
  await turn();
  assert.equal(kv.watches, 0);
});

Deno.test("watch() leaves no listener behind when its connection breaks", async () => {
  let attempts = 0;
  const gate: Gate = (call) =>
    call === "watch >" && ++attempts <= 3
      ? Promise.reject(new TypeError())
      : Promise.resolve();
  const { isolate, clock } = setUp(new MemoryKv().connect({ gate }));
  const ended = new AbortController();
  const { count } = countListeners(ended);
  using _watched = await watch(isolate, ended);
  for (let broken = 0; broken < 3; broken++) {
    await turn();
    clock.advance(WATCH_RETRY_MS);
  }
  await turn();
  assert.ok(attempts > 3);
  assert.equal(count(), 1);
});

Deno.test("watch() does not wait for a KV that fails", async () => {
  const gate: Gate = () => Promise.reject(new TypeError());
  // No time passes, so that waiting would never end.
  const { isolate, log } = setUp(new MemoryKv().connect({ gate }));
  using watched = await watch(isolate);
  assert.deepEqual(watched.told, []);
  assert.deepEqual(log.map(({ reason }) => reason), ["kv_failed"]);
});

Deno.test("invalidate() announces what waits together as its most important event asks for", async (t) => {
  await t.step("one without a sequence, in any case", async () => {
    const kv = new MemoryKv();
    await setUp(kv.connect()).isolate.invalidate("1", 7);
    const { isolate } = setUp(kv.connect());
    const outcomes = await Promise.all([
      isolate.invalidate("1", 8),
      isolate.invalidate("1"),
      isolate.invalidate("1", 5),
    ]);
    assert.deepEqual(outcomes, outcomes.map(() => ANNOUNCED));
  });

  await t.step("the highest sequence", async () => {
    const kv = new MemoryKv();
    const { isolate } = setUp(kv.connect());
    await Promise.all([1, 9, 8].map((it) => isolate.invalidate("1", it)));
    const other = setUp(kv.connect()).isolate;
    assert.equal((await other.invalidate("1", 9)).kind, "known");
  });
});

Deno.test("invalidate() tells of nothing else that it replaced", async (t) => {
  await t.step("of this isolate's own", async () => {
    const kv = new MemoryKv();
    const { gate, hold } = holdable();
    const { isolate } = setUp(kv.connect({ gate }));
    using watched = await watch(isolate);
    hold();
    await isolate.invalidate("1", 1);
    await isolate.invalidate("1", 2);
    assert.deepEqual(watched.told, []);
  });

  await t.step("of another organization", async () => {
    const kv = new MemoryKv();
    const { gate, hold } = holdable();
    const { isolate } = setUp(kv.connect({ gate }));
    using watched = await watch(isolate);
    hold();
    await setUp(kv.connect()).isolate.invalidate("2");
    await isolate.invalidate("1");
    assert.deepEqual(watched.told, []);
  });

  await t.step("that the watch has shown", async () => {
    const kv = new MemoryKv();
    const { isolate } = setUp(kv.connect());
    using watched = await watch(isolate);
    await setUp(kv.connect()).isolate.invalidate("1");
    await watched.until(1);
    await isolate.invalidate("1");
    assert.deepEqual(watched.told, ["1"]);
  });
});
