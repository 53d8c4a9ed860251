import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import {
  Clock,
  createIsolate,
  EVENT_MEMORY_MS,
  FRESH_MS,
  type Isolate,
  KV_PAUSE_MS,
  KV_TIMEOUT_MS,
  STALE_MS,
  turn,
} from "./_isolate.ts";
import { MemoryKv } from "../_memory_kv.ts";
import { StandInUpstream } from "../_upstream.ts";

const DOWN = new FunctionError("upstream_failed", "ZITADEL is down");

/** Two isolates, or more, over one KV. */
function setUpShared(kv: () => Deno.Kv) {
  const clock = new Clock();
  const upstream = new StandInUpstream();
  const isolate = (own = upstream) =>
    createIsolate({ clock, readMetadata: own.read, kv: kv() });
  return { clock, upstream, isolate };
}

/** The same promises over Deno's own KV, and over one whose calls can be held. */
const KVS: Record<string, () => Promise<{ connect(): Deno.Kv } & Disposable>> =
  {
    "Deno.openKv": async () => {
      const kv = await Deno.openKv(":memory:");
      return { connect: () => kv, [Symbol.dispose]: () => kv.close() };
    },
    MemoryKv: () => {
      const kv = new MemoryKv();
      return Promise.resolve({
        connect: () => kv.connect(),
        [Symbol.dispose]: () => {},
      });
    },
  };

for (const [name, openKv] of Object.entries(KVS)) {
  /** Waits until something is so; a real KV takes its own time. */
  const until = async (holds: () => boolean | Promise<boolean>) => {
    for (let turns = 0; turns < 100_000; turns++) {
      if (await holds()) return;
      await turn();
    }
    assert.fail("It never came to be");
  };
  /** Waits until a new isolate finds the mapping in KV. */
  const untilStored = async (
    { isolate }: ReturnType<typeof setUpShared>,
    what: string,
  ) => {
    const silent = new StandInUpstream();
    silent.fault = DOWN;
    await until(async () => {
      using probe = isolate(silent);
      return await probe.view().catch(() => "") === what;
    });
  };

  Deno.test(`get() with ${name} serves a new isolate without asking ZITADEL`, async (t) => {
    using kv = await openKv();
    const world = setUpShared(() => kv.connect());
    const { clock, upstream, isolate } = world;
    using first = isolate();
    assert.equal(await first.view(), "old from zitadel");
    await untilStored(world, "old from kv");
    // It was read before the watch began.
    await until(async () => await first.view() === "old from memory");
    upstream.viewer = "new";

    await t.step("while the mapping is fresh", async () => {
      clock.advance(FRESH_MS - 1);
      using second = isolate();
      assert.equal(await second.view(), "old from kv");
      assert.equal(await second.view(), "old from memory");
      assert.equal(upstream.calls, 1);
    });

    await t.step("while it is stale, and refreshes it for all", async () => {
      clock.advance(1);
      using third = isolate();
      assert.equal(await third.view(), "old from stale");
      await untilStored(world, "new from kv");
      assert.equal(upstream.calls, 2);
      // Compared with KV if the watch began only now, as a real one may.
      assert.match(await first.view(), /^(?:old from stale|new from kv)$/);
      await until(async () => await first.view() === "new from memory");
      assert.equal(upstream.calls, 2);
    });

    await t.step("but not with one that is too old", async () => {
      clock.advance(FRESH_MS + STALE_MS);
      using fourth = isolate();
      assert.equal(await fourth.view(), "new from zitadel");
    });
    for (const { log } of [first]) assert.deepEqual(log, []);
  });

  Deno.test(`invalidate() with ${name} drops the mapping from memory, KV and other isolates`, async () => {
    using kv = await openKv();
    const world = setUpShared(() => kv.connect());
    const { upstream, isolate } = world;
    using one = isolate();
    using other = isolate();
    await one.view("2");
    await one.view();
    await untilStored(world, "old from kv");
    await other.view();
    upstream.viewer = "new";
    await one.cache.invalidate("1");
    assert.equal(await one.view(), "new from zitadel");
    await until(async () => /^new/.test(await other.view()));
    using third = isolate();
    assert.match(await third.view(), /^new/);
    assert.equal(await one.view("2"), "old from memory");
  });

  Deno.test(`invalidate() with ${name} keeps what was asked for before it out of KV`, async () => {
    using kv = await openKv();
    const world = setUpShared(() => kv.connect());
    const { upstream, isolate } = world;
    using one = isolate();
    using other = isolate();
    const release = upstream.hold();
    const before = Promise.all([one.view(), other.view()]);
    await until(() => upstream.calls === 2);
    upstream.viewer = "new";
    await one.cache.invalidate("1");
    release();
    assert.deepEqual(await before, ["old from zitadel", "old from zitadel"]);
    assert.equal(await one.view(), "new from zitadel");
    await until(async () => /^new/.test(await other.view()));
    using third = isolate();
    assert.match(await third.view(), /^new/);
  });
}

Deno.test("get() serves a mapping too large for KV from memory alone", async (t) => {
  const kv = new MemoryKv();
  const clock = new Clock();
  const upstream = new StandInUpstream();
  const text = (from: number) =>
    Array.from(
      { length: 8_000 },
      (_, at) => Math.imul(from + at, 0x9e3779b1).toString(36),
    ).join("");
  const readMetadata = async () => [
    ...await upstream.read(),
    ...[0, 1, 2, 3].map((role) => ({
      key: String(role),
      value: new TextEncoder().encode(`["${text(role * 8_000)}"]`),
    })),
  ];
  const isolate = () =>
    createIsolate({ clock, readMetadata, kv: kv.connect() });
  using one = isolate();
  using other = isolate();
  assert.match(await one.view(), /zitadel$/);
  await turn();
  assert.match(await one.view(), /memory$/);
  assert.match(await other.view(), /zitadel$/);
  assert.deepEqual([...one.log, ...other.log], []);

  await t.step("also after a gap, without asking ZITADEL", async () => {
    kv.breakWatches();
    await turn();
    assert.match(await one.view(), /memory$/);
    assert.equal(upstream.calls, 2);
  });

  await t.step("but not after another isolate's event", async () => {
    upstream.viewer = "new";
    await other.cache.invalidate("1", 7);
    clock.advance(KV_PAUSE_MS);
    await turn();
    assert.equal(await one.view(), "new from zitadel");
  });
});

Deno.test("get() compares with a tombstone as long as a mapping that was read before may be served", async () => {
  const clock = new Clock();
  const kv = new MemoryKv(clock.now);
  const upstream = new StandInUpstream();
  const readMetadata = upstream.read;
  let isSilent = true;
  // What KV was not asked about is known over nothing.
  using one = createIsolate({
    clock,
    readMetadata,
    kv: kv.connect({
      gate: (call) =>
        isSilent && !call.startsWith("watch")
          ? new Promise(() => {})
          : Promise.resolve(),
    }),
  });
  using other = createIsolate({ clock, readMetadata, kv: kv.connect() });
  assert.equal(await clock.run(one.view()), "old from zitadel");
  isSilent = false;
  upstream.viewer = "new";
  await other.cache.invalidate("1", 7);
  clock.advance(FRESH_MS + STALE_MS - 1_000);
  upstream.fault = DOWN;
  await assert.rejects(one.view(), DOWN);
});

Deno.test("get() drops what another isolate knows better than to store", async () => {
  const kv = new MemoryKv();
  const { upstream, isolate } = setUpShared(() => kv.connect());
  using one = isolate();
  using other = isolate();
  const slow = new StandInUpstream();
  using late = isolate(slow);
  const release = slow.hold();
  const before = late.view();
  await turn();
  upstream.viewer = "new";
  assert.equal(await one.view(), "new from zitadel");
  await turn();
  release();
  assert.equal(await before, "old from zitadel");
  await turn();
  assert.equal(await late.view(), "new from kv");
  assert.equal(await other.view(), "new from kv");
});

Deno.test("get() keeps a newer mapping than the one that KV refuses as outdated", async () => {
  const kv = new MemoryKv();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  let commits = 0;
  const { upstream, isolate } = setUpShared(() =>
    kv.connect({
      gate: (call) =>
        call === "commit >" && commits++ === 0 ? held : Promise.resolve(),
    })
  );
  using one = isolate();
  assert.equal(await one.view(), "old from zitadel");
  await turn();
  assert.equal(commits, 1);
  upstream.viewer = "new";
  await one.cache.invalidate("1");
  assert.equal(await one.view(), "new from zitadel");
  await turn();
  release();
  await turn();
  assert.equal(await one.view(), "new from memory");
});

Deno.test("get() goes on while KV refuses every call", async () => {
  const kv = new MemoryKv();
  let isDown = true;
  const gate = () =>
    isDown ? Promise.reject(new TypeError()) : Promise.resolve();
  const { clock, upstream, isolate } = setUpShared(() => kv.connect({ gate }));
  using one = isolate();
  assert.equal(await one.view(), "old from zitadel");
  assert.equal(await one.view(), "old from memory");
  upstream.viewer = "new";
  await one.cache.invalidate("1");
  assert.equal(await one.view(), "new from zitadel");
  assert.ok(one.log.length > 0);
  assert.ok(one.log.every(({ reason }) => reason === "kv_failed"));

  isDown = false;
  clock.advance(FRESH_MS + STALE_MS);
  assert.equal(await one.view(), "new from zitadel");
  await turn();
  using other = isolate();
  assert.equal(await other.view(), "new from kv");
});

Deno.test("get() waits a bounded time for KV, and not again at once", async () => {
  const kv = new MemoryKv();
  const clock = new Clock();
  const upstream = new StandInUpstream();
  const gate = () => new Promise<never>(() => {});
  using one = createIsolate({
    clock,
    readMetadata: upstream.read,
    kv: kv.connect({ gate }),
  });
  const first = one.view();
  await turn();
  clock.advance(KV_TIMEOUT_MS - 1);
  await turn();
  assert.equal(upstream.calls, 0);
  clock.advance(1);
  assert.equal(await first, "old from zitadel");
  assert.equal(await one.view("2"), "old from zitadel");
  clock.advance(KV_PAUSE_MS);
  const third = one.view("3");
  await turn();
  assert.equal(upstream.calls, 2);
  clock.advance(KV_TIMEOUT_MS);
  assert.equal(await third, "old from zitadel");
});

Deno.test("invalidate() holds for this isolate though KV cannot be told, and for all once it can", async () => {
  const kv = new MemoryKv();
  let isDown = false;
  const gate = (call: string) =>
    isDown && !call.startsWith("watch")
      ? Promise.reject(new TypeError())
      : Promise.resolve();
  const { clock, upstream, isolate } = setUpShared(() => kv.connect({ gate }));
  using one = isolate();
  using other = isolate();
  await one.view();
  await turn();
  await other.view();
  upstream.viewer = "new";
  isDown = true;
  await one.cache.invalidate("1");
  isDown = false;
  assert.equal(await one.view(), "new from zitadel");
  clock.advance(KV_PAUSE_MS);
  await turn();
  await one.cache.invalidate("2");
  clock.advance(FRESH_MS);
  await one.view();
  await turn();
  await turn();
  assert.match(await other.view(), /^new/);
});

Deno.test("MappingCache compares all it read before its watch began", async () => {
  const kv = new MemoryKv();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const clock = new Clock();
  const upstream = new StandInUpstream();
  using one = createIsolate({
    clock,
    readMetadata: upstream.read,
    kv: kv.connect({
      gate: (call) => call.startsWith("watch") ? begun : Promise.resolve(),
    }),
  });
  using other = createIsolate({
    clock,
    readMetadata: upstream.read,
    kv: kv.connect(),
  });
  assert.equal(await one.view(), "old from zitadel");
  assert.equal(await one.view("2"), "old from zitadel");
  await turn();
  upstream.viewer = "new";
  await other.cache.invalidate("1");
  begin();
  await turn();
  assert.equal(await one.view(), "new from zitadel");
  assert.equal(await one.view("2"), "old from memory");
});

Deno.test("get() trusts a mapping read while KV did not answer when KV has no tombstone of it", async () => {
  const kv = new MemoryKv();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const clock = new Clock();
  const upstream = new StandInUpstream();
  let isSilent = true;
  using one = createIsolate({
    clock,
    readMetadata: upstream.read,
    kv: kv.connect({
      gate: (call) =>
        call.startsWith("watch")
          ? begun
          : isSilent
          ? new Promise(() => {})
          : Promise.resolve(),
    }),
  });
  const first = one.view();
  await turn();
  clock.advance(KV_TIMEOUT_MS);
  assert.equal(await first, "old from zitadel");
  isSilent = false;
  begin();
  await turn();
  clock.advance(KV_PAUSE_MS);
  upstream.fault = DOWN;
  assert.equal(await one.view(), "old from memory");
});

Deno.test("get() asks ZITADEL once for a crowd that comes as the watch begins", async () => {
  const { upstream, isolate } = setUpShared(() => new MemoryKv().connect());
  using one = isolate();
  await Promise.all(Array.from({ length: 1_000 }, () => one.view()));
  assert.equal(upstream.calls, 1);
});

Deno.test("get() does not trust a mapping of an isolate whose clock is ahead", async () => {
  const kv = new MemoryKv();
  const ahead = new Clock();
  ahead.advance(3_600_000);
  const upstream = new StandInUpstream();
  const readMetadata = upstream.read;
  using other = createIsolate({
    clock: ahead,
    readMetadata,
    kv: kv.connect(),
  });
  await other.view();
  await turn();
  upstream.viewer = "new";
  using one = createIsolate({
    clock: new Clock(),
    readMetadata,
    kv: kv.connect(),
  });
  assert.equal(await one.view(), "new from zitadel");
});

/** Announces two organizations' events, so that a watch that shows the last one has a gap. */
async function announceOthers(isolate: Isolate): Promise<void> {
  for (const other of ["other", "another"]) {
    await isolate.cache.invalidate(other);
  }
}

/** An isolate whose watch can be held back, beside one that announces. */
function setUpBurst() {
  const kv = new MemoryKv();
  const clock = new Clock();
  const upstream = new StandInUpstream();
  const readMetadata = upstream.read;
  const watch = { held: Promise.resolve() };
  const read = { held: Promise.resolve() };
  const fault = { isDown: false };
  let gets = 0;
  const gate = (call: string) => {
    if (call === "watch <") return watch.held;
    if (call === "get >") gets++;
    if (call === "get <") return read.held;
    return fault.isDown && !call.startsWith("watch")
      ? Promise.reject(new TypeError())
      : Promise.resolve();
  };
  const watcher = createIsolate({
    clock,
    readMetadata,
    kv: kv.connect({ gate }),
  });
  const announcer = createIsolate({ clock, readMetadata, kv: kv.connect() });
  return {
    kv,
    clock,
    upstream,
    fault,
    read,
    watcher,
    announcer,
    /** How often the watcher read from KV. */
    get gets() {
      return gets;
    },
    /** Lets the watcher see only the last value of what happens meanwhile. */
    async missing(work: () => Promise<void>) {
      const { promise, resolve } = Promise.withResolvers<void>();
      watch.held = promise;
      // The value that is on its way already.
      await announcer.cache.invalidate("unrelated");
      await turn();
      await work();
      resolve();
      await turn();
    },
    [Symbol.dispose]() {
      watcher[Symbol.dispose]();
      announcer[Symbol.dispose]();
    },
  };
}

Deno.test("get() compares with KV, and does not ask ZITADEL, after a gap", async (t) => {
  await t.step("and serves what did not change from memory", async () => {
    using world = setUpBurst();
    const { watcher, upstream, clock } = world;
    await watcher.view("1");
    await watcher.view("2");
    await turn();
    await world.missing(() => announceOthers(world.announcer));
    assert.equal(await watcher.view("1"), "old from memory");
    clock.advance(FRESH_MS);
    upstream.fault = DOWN;
    assert.equal(await watcher.view("2"), "old from stale");
    assert.equal(await watcher.view("1"), "old from stale");
  });

  await t.step("and finds out what did change", async () => {
    using world = setUpBurst();
    const { watcher, announcer, upstream } = world;
    await watcher.view("1");
    await watcher.view("2");
    await turn();
    upstream.viewer = "new";
    await world.missing(async () => {
      await announcer.cache.invalidate("1");
      await announceOthers(announcer);
    });
    const { calls } = upstream;
    assert.equal(await watcher.view("1"), "new from zitadel");
    assert.equal(await watcher.view("2"), "old from memory");
    assert.equal(upstream.calls, calls + 1);
  });

  await t.step(
    "and takes what another isolate read since from KV",
    async () => {
      using world = setUpBurst();
      const { watcher, announcer, upstream } = world;
      await watcher.view("1");
      await turn();
      upstream.viewer = "new";
      await world.missing(async () => {
        await announcer.cache.invalidate("1");
        await announcer.view("1");
        await announceOthers(announcer);
      });
      assert.equal(await watcher.view("1"), "new from kv");
    },
  );

  await t.step(
    "and serves it once more while KV fails, revalidating it",
    async () => {
      using world = setUpBurst();
      const { watcher, announcer, upstream } = world;
      await watcher.view("1");
      await turn();
      upstream.viewer = "new";
      await world.missing(async () => {
        await announcer.cache.invalidate("1");
        await announceOthers(announcer);
      });
      world.fault.isDown = true;
      assert.equal(await watcher.view("1"), "old from stale");
      await turn();
      assert.equal(await watcher.view("1"), "new from memory");
    },
  );

  await t.step("also if the reading was under way", async () => {
    using world = setUpBurst();
    const { watcher, announcer, upstream } = world;
    const release = upstream.hold();
    const before = watcher.view("1");
    await turn();
    upstream.viewer = "new";
    await world.missing(async () => {
      await announcer.cache.invalidate("1");
      await announceOthers(announcer);
    });
    const after = watcher.view("1");
    release();
    assert.equal(await before, "old from zitadel");
    assert.match(await after, /^new/, "joined an older reading");
    assert.match(await watcher.view("1"), /^new/);
  });
});

for (const delayMs of [0, 20]) {
  Deno.test(`invalidate() of one organization 60 times at once costs 29 others nothing, with a KV that takes ${delayMs} ms`, async () => {
    const clock = new Clock();
    const upstream = new StandInUpstream();
    let commits = 0;
    const kv = new MemoryKv();
    const connect = () =>
      kv.connect({
        gate: () => delayMs ? clock.sleep(delayMs) : Promise.resolve(),
        onCommit: () => void commits++,
      });
    const readMetadata = upstream.read;
    using one = createIsolate({ clock, readMetadata, kv: connect() });
    using other = createIsolate({ clock, readMetadata, kv: connect() });
    const others = Array.from({ length: 29 }, (_, index) => `other-${index}`);
    const all = async (isolate: Isolate) =>
      new Set(
        await clock.run(Promise.all(others.map((it) => isolate.view(it)))),
      );
    await all(one);
    await clock.run(turn());
    await all(other);
    const { calls } = upstream;
    commits = 0;

    const events = Array.from(
      { length: 60 },
      (_, index) => one.cache.invalidate("noisy", index + 1),
    );
    assert.equal(new Set(await clock.run(Promise.all(events))).size, 1);
    for (let turns = 0; turns < 20; turns++) await clock.run(turn());
    assert.equal(commits, 2, "more than one in flight and one waiting");
    for (const isolate of [one, other]) {
      assert.deepEqual(await all(isolate), new Set(["old from memory"]));
      assert.deepEqual(isolate.log, []);
    }
    assert.equal(upstream.calls, calls);
  });
}

Deno.test("invalidate() with KV counts an event once for all isolates", async (t) => {
  const kv = new MemoryKv();
  const { clock, upstream, isolate } = setUpShared(() => kv.connect());
  using one = isolate();
  using other = isolate();
  await one.view();
  await turn();
  await other.view();
  upstream.viewer = "new";
  assert.equal(await one.cache.invalidate("1", 7), true);
  assert.equal(await one.view(), "new from zitadel");
  await turn();
  assert.equal(await other.view(), "new from kv");
  const { calls } = upstream;

  await t.step("so that a replay does nothing", async () => {
    for (const replayed of [one, other]) {
      for (const sequence of [7, 6]) {
        assert.equal(await replayed.cache.invalidate("1", sequence), false);
        assert.equal(await replayed.view(), "new from memory");
      }
    }
  });

  await t.step("nor at an isolate that did not see it", async () => {
    using third = isolate();
    await third.view();
    assert.equal(await third.cache.invalidate("1", 7), false);
    assert.equal(await third.view(), "new from memory");
    assert.equal(await other.view(), "new from memory");
    assert.equal(upstream.calls, calls);
  });

  await t.step("nor while ZITADEL is down", async () => {
    upstream.fault = DOWN;
    clock.advance(FRESH_MS);
    for (const replayed of [one, other]) {
      assert.equal(await replayed.cache.invalidate("1", 7), false);
      assert.equal(await replayed.view(), "new from stale");
    }
    using fresh = isolate();
    assert.equal(await fresh.view(), "new from stale");
    assert.equal(await fresh.cache.invalidate("1", 7), false);
    assert.equal(await fresh.view(), "new from stale");
    await turn();
  });

  await t.step(
    "but a genuine one ends the old mapping, also in an outage",
    async () => {
      assert.equal(await other.cache.invalidate("1", 8), true);
      await assert.rejects(other.view(), DOWN);
      await turn();
      await assert.rejects(one.view(), DOWN);
      using fresh = isolate();
      await assert.rejects(fresh.view(), DOWN);
    },
  );
});

/** An isolate that hears nothing of others once its watch began. */
function createDeaf(
  kv: MemoryKv,
  options: Omit<Parameters<typeof createIsolate>[0], "kv">,
): Isolate {
  let shown = 0;
  const gate = (call: string) =>
    call === "watch >" && shown++ > 0
      ? new Promise<void>(() => {})
      : Promise.resolve();
  return createIsolate({ ...options, kv: kv.connect({ gate }) });
}

Deno.test("invalidate() with an event that another isolate overtook drops what is older", async () => {
  const kv = new MemoryKv();
  const clock = new Clock();
  const upstream = new StandInUpstream();
  const readMetadata = upstream.read;
  using one = createDeaf(kv, { clock, readMetadata });
  using other = createIsolate({ clock, readMetadata, kv: kv.connect() });
  await one.view();
  await turn();
  upstream.viewer = "new";
  await other.cache.invalidate("1", 8);
  await turn();
  assert.equal(await one.cache.invalidate("1", 7), false);
  assert.equal(await one.view(), "new from zitadel");
});

Deno.test("get() after an event waits for KV to confirm it", async () => {
  const kv = new MemoryKv();
  const { promise, resolve } = Promise.withResolvers<void>();
  let isHeld = false;
  const { upstream, isolate } = setUpShared(() =>
    kv.connect({
      gate: (call) =>
        isHeld && !call.startsWith("watch") ? promise : Promise.resolve(),
    })
  );
  using one = isolate();
  await one.view();
  await turn();
  isHeld = true;
  upstream.viewer = "new";
  const event = one.cache.invalidate("1", 1);
  const after = one.view();
  await turn();
  resolve();
  assert.equal(await event, true);
  assert.equal(await after, "new from zitadel");
});

Deno.test("get() after an event serves nothing older, whatever KV loses", async (t) => {
  const setUpLoss = async () => {
    const clock = new Clock();
    const kv = new MemoryKv(clock.now);
    const upstream = new StandInUpstream();
    const readMetadata = upstream.read;
    const one = createDeaf(kv, { clock, readMetadata });
    const other = createDeaf(kv, { clock, readMetadata });
    await one.view();
    await turn();
    return { clock, kv, upstream, one, other, backup: kv.backup() };
  };

  await t.step("its tombstone", async () => {
    const { kv, upstream, one, other, backup } = await setUpLoss();
    using _ = one;
    using __ = other;
    upstream.viewer = "new";
    await one.cache.invalidate("1", 1);
    kv.restore(backup);
    assert.equal(await other.view(), "old from kv");
    assert.equal(await one.view(), "new from zitadel");
    await turn();
    assert.equal(await one.view(), "new from memory");
  });

  await t.step("in an outage", async () => {
    const { kv, upstream, one, other, backup } = await setUpLoss();
    using _ = one;
    using __ = other;
    await one.cache.invalidate("1", 1);
    kv.restore(backup);
    upstream.fault = DOWN;
    await assert.rejects(one.view(), DOWN);
  });

  await t.step("but takes what was read since", async () => {
    const { clock, upstream, one, other } = await setUpLoss();
    using _ = one;
    using __ = other;
    await one.cache.invalidate("1", 1);
    clock.advance(1);
    upstream.viewer = "new";
    assert.equal(await other.view(), "new from zitadel");
    await turn();
    assert.equal(await one.view(), "new from kv");
  });
});

Deno.test("get() goes on after a commit that lost", async (t) => {
  /** Two isolates whose readings are under way at once; the first is answered last. */
  const setUpRace = async () => {
    const clock = new Clock();
    const kv = new MemoryKv(clock.now);
    const early = new StandInUpstream();
    const late = new StandInUpstream();
    const one = createDeaf(kv, { clock, readMetadata: late.read });
    const other = createDeaf(kv, { clock, readMetadata: early.read });
    // Their watches begin.
    await turn();
    const release = late.hold();
    const first = one.view();
    await turn();
    return { clock, kv, early, late, one, other, release, first };
  };

  await t.step("to a tombstone, by reading again", async () => {
    const { one, other, late, release, first } = await setUpRace();
    using _ = one;
    using __ = other;
    await other.cache.invalidate("1", 1);
    late.viewer = "new";
    release();
    assert.equal(await first, "old from zitadel");
    await turn();
    assert.equal(await one.view(), "new from zitadel");
  });

  await t.step("to a mapping, by taking it", async () => {
    const { one, other, early, late, release, first } = await setUpRace();
    using _ = one;
    using __ = other;
    early.viewer = "theirs";
    await other.view();
    await turn();
    release();
    assert.equal(await first, "old from zitadel");
    await turn();
    assert.equal(await one.view(), "theirs from kv");
    assert.equal(late.calls, 1);
  });
});

Deno.test("invalidate() with an absurd sequence silences later events for 600 s at most", async () => {
  const clock = new Clock();
  const kv = new MemoryKv(clock.now);
  const upstream = new StandInUpstream();
  const readMetadata = upstream.read;
  using one = createIsolate({ clock, readMetadata, kv: kv.connect() });
  using other = createIsolate({ clock, readMetadata, kv: kv.connect() });
  await one.cache.invalidate("1", Number.MAX_SAFE_INTEGER);
  await one.view();
  await turn();
  await other.view();
  // What is written again does not make it younger.
  clock.advance(EVENT_MEMORY_MS / 2);
  await other.cache.invalidate("1");
  await other.view();
  await turn();
  clock.advance(EVENT_MEMORY_MS / 2 - 1);
  for (const { cache } of [one, other]) {
    assert.equal(await cache.invalidate("1", 7), false);
  }
  clock.advance(1);
  assert.equal(await one.cache.invalidate("1", 7), true);
  await turn();
  assert.equal(await other.cache.invalidate("1", 8), true);
});

Deno.test("get() keeps a mapping of KV unverified if a change is announced while KV answers", async () => {
  const kv = new MemoryKv();
  const clock = new Clock();
  const upstream = new StandInUpstream();
  const readMetadata = upstream.read;
  using other = createIsolate({ clock, readMetadata, kv: kv.connect() });
  await other.view();
  await other.view("2");
  await other.cache.invalidate("3");
  await turn();
  for (const changed of [["1"], ["2", "1"]]) {
    const { promise: held, resolve } = Promise.withResolvers<void>();
    let isHeld = false;
    using one = createIsolate({
      clock,
      readMetadata,
      kv: kv.connect({
        gate: (call) => call === "get <" && isHeld ? held : Promise.resolve(),
      }),
    });
    await turn();
    await other.view();
    await turn();
    isHeld = true;
    const first = one.view();
    await turn();
    upstream.viewer = `after ${changed}`;
    for (const organization of changed) {
      await other.cache.invalidate(organization);
    }
    await turn();
    resolve();
    assert.match(await first, /from kv$/);
    assert.equal(await one.view(), `after ${changed} from zitadel`);
    await turn();
    await other.view();
  }
});

Deno.test("invalidate() keeps what KV held before it out of memory", async () => {
  const kv = new MemoryKv();
  let held: Promise<void> | undefined;
  const { upstream, isolate } = setUpShared(() =>
    kv.connect({
      gate: (call) => call === "get <" && held ? held : Promise.resolve(),
    })
  );
  using one = isolate();
  await one.view();
  await turn();
  using other = isolate();
  const { promise, resolve } = Promise.withResolvers<void>();
  held = promise;
  const before = other.view();
  await turn();
  upstream.viewer = "new";
  await other.cache.invalidate("1", 1);
  resolve();
  held = undefined;
  assert.equal(await before, "new from zitadel");
  assert.equal(await other.view(), "new from zitadel");
});

Deno.test("get() does not revalidate a stale mapping by another one that is stale", async () => {
  const kv = new MemoryKv();
  const { clock, upstream, isolate } = setUpShared(() => kv.connect());
  using one = isolate();
  using other = isolate();
  await one.view();
  await turn();
  await one.view();
  clock.advance(FRESH_MS);
  upstream.viewer = "newer";
  assert.equal(await other.view(), "old from stale");
  await turn();
  assert.equal(await other.view(), "newer from memory");
  clock.advance(FRESH_MS);
  upstream.viewer = "newest";
  assert.equal(await one.view(), "old from stale");
  await turn();
  assert.equal(await one.view(), "newest from memory");
});

Deno.test("get() serves memory at once again after an event", async () => {
  const kv = new MemoryKv();
  const { isolate } = setUpShared(() => kv.connect());
  using one = isolate();
  await one.cache.invalidate("1", 1);
  await one.view();
  assert.ok(!(one.cache.get("1") instanceof Promise));
});

Deno.test("invalidate() knows an event that came with a mapping from KV, also when KV fails then", async () => {
  const kv = new MemoryKv();
  let isDown = false;
  const { clock, upstream, isolate } = setUpShared(() =>
    kv.connect({
      gate: (call) =>
        isDown && !call.startsWith("watch")
          ? Promise.reject(new TypeError())
          : Promise.resolve(),
    })
  );
  using one = isolate();
  using other = isolate();
  await one.cache.invalidate("1", 7);
  clock.advance(1);
  await one.view();
  await turn();
  assert.equal(await other.view(), "old from kv");
  isDown = true;
  upstream.fault = DOWN;
  assert.equal(await other.cache.invalidate("1", 7), false);
  assert.equal(await other.view(), "old from memory");
});

Deno.test("get() waits for the latest of several events", async () => {
  const kv = new MemoryKv();
  const { promise, resolve } = Promise.withResolvers<void>();
  let isHeld = false;
  const { upstream, isolate } = setUpShared(() =>
    kv.connect({
      gate: (call) =>
        call === "commit >" && isHeld ? promise : Promise.resolve(),
    })
  );
  using one = isolate();
  await one.cache.invalidate("1", 7);
  await one.view();
  await turn();
  using other = isolate();
  assert.equal(await other.view(), "old from kv");
  isHeld = true;
  upstream.viewer = "new";
  // The first is a replay, of which this isolate does not know.
  const events = [7, 8].map((it) => other.cache.invalidate("1", it));
  assert.equal(await events[0], false);
  const after = other.view();
  await turn();
  resolve();
  assert.equal(await events[1], true);
  assert.equal(await after, "new from zitadel");
});

Deno.test("get() serves an unverified mapping at once while its revalidation hangs", async (t) => {
  for (
    const [name, isDown] of [["with KV", false], ["without", true]] as const
  ) {
    await t.step(name, async () => {
      using world = setUpBurst();
      const { watcher, clock, upstream } = world;
      await watcher.view();
      await turn();
      clock.advance(FRESH_MS);
      upstream.hold();
      assert.equal(await watcher.view(), "old from stale");
      await turn();
      world.kv.breakWatches();
      await turn();
      world.fault.isDown = isDown;
      for (let call = 0; call < 3; call++) {
        assert.equal(await watcher.view(), "old from stale");
        await turn();
      }
      assert.equal(upstream.calls, 2);
    });
  }
});

Deno.test("get() compares with KV once for a crowd", async () => {
  using world = setUpBurst();
  const { watcher } = world;
  await watcher.view();
  await turn();
  world.kv.breakWatches();
  await turn();
  const { gets } = world;
  const crowd = Array.from({ length: 100 }, () => watcher.view());
  assert.deepEqual(
    new Set(await Promise.all(crowd)),
    new Set(["old from memory"]),
  );
  assert.equal(world.gets, gets + 1);
  assert.ok(!(watcher.cache.get("1") instanceof Promise));
});

Deno.test("get() does not confirm a mapping by an answer of KV from before a change", async () => {
  using world = setUpBurst();
  const { watcher, announcer, upstream, read } = world;
  await watcher.view();
  await turn();
  await world.missing(() => announceOthers(announcer));
  const { promise, resolve } = Promise.withResolvers<void>();
  read.held = promise;
  const before = watcher.view();
  await turn();
  upstream.viewer = "new";
  await announcer.cache.invalidate("1");
  await turn();
  resolve();
  assert.equal(await before, "old from memory");
  assert.equal(await watcher.view(), "new from zitadel");
});
