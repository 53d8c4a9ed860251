import assert from "node:assert/strict";
import { mock } from "node:test";
import { FunctionError } from "../../../lib/errors.ts";
import { KV_TIMEOUT_MS } from "../../../lib/mapping/kv_trouble.ts";
import { KV_PAUSE_MS } from "../../../lib/mapping/kv_store.ts";
import { Clock, createIsolate, FRESH_MS, STALE_MS, turn } from "./_isolate.ts";
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
      assert.equal(await first.view(), "old from stale");
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

Deno.test("get() serves a mapping too large for KV from memory alone", async () => {
  const { upstream, isolate } = setUpShared(() => kv.connect());
  const kv = new MemoryKv();
  upstream.ballast = 8;
  using one = isolate();
  using other = isolate();
  assert.match(await one.view(), /zitadel$/);
  await turn();
  assert.match(await one.view(), /memory$/);
  assert.match(await other.view(), /zitadel$/);
  assert.deepEqual([...one.log, ...other.log], []);
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

Deno.test("get() goes on while KV refuses every call", async () => {
  const kv = new MemoryKv();
  let isDown = true;
  const gate = () =>
    isDown ? Promise.reject(new TypeError("canary")) : Promise.resolve();
  const { clock, upstream, isolate } = setUpShared(() => kv.connect({ gate }));
  using one = isolate();
  assert.equal(await one.view(), "old from zitadel");
  assert.equal(await one.view(), "old from memory");
  upstream.viewer = "new";
  await one.cache.invalidate("1");
  assert.equal(await one.view(), "new from zitadel");
  assert.ok(one.log.length > 0);
  assert.ok(one.log.every(({ reason }) => reason === "kv_failed"));
  assert.ok(!JSON.stringify(one.log).includes("canary"));

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
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const gate = () => new Promise<never>(() => {});
    using one = createIsolate({
      clock,
      readMetadata: upstream.read,
      kv: kv.connect({ gate }),
    });
    const first = one.view();
    await turn();
    mock.timers.tick(KV_TIMEOUT_MS); // for the watch to begin
    await turn();
    assert.equal(upstream.calls, 0);
    mock.timers.tick(KV_TIMEOUT_MS); // for the mapping
    assert.equal(await first, "old from zitadel");
    assert.equal(await one.view("2"), "old from zitadel");
    clock.advance(KV_PAUSE_MS);
    const third = one.view("3");
    await turn();
    assert.equal(upstream.calls, 2);
    mock.timers.tick(KV_TIMEOUT_MS);
    assert.equal(await third, "old from zitadel");
  } finally {
    mock.timers.reset();
  }
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
  await one.cache.invalidate("2");
  clock.advance(FRESH_MS);
  await one.view();
  await turn();
  await turn();
  assert.match(await other.view(), /^new/);
});

Deno.test("MappingCache drops all it read before its watch began", async () => {
  const kv = new MemoryKv();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  const clock = new Clock();
  const upstream = new StandInUpstream();
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
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
    const first = one.view();
    await turn();
    mock.timers.tick(KV_TIMEOUT_MS);
    assert.equal(await first, "old from zitadel");
    await turn();
    upstream.viewer = "new";
    await other.cache.invalidate("1");
    begin();
    await turn();
    assert.equal(await one.view(), "new from zitadel");
  } finally {
    mock.timers.reset();
  }
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
