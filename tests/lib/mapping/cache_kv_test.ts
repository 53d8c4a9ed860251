import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import { testEach } from "../../_test_each.ts";
import { StandInUpstream } from "../_upstream.ts";
import {
  Clock,
  createIsolate,
  FRESH_MS,
  type Isolate,
  KV_PAUSE_MS,
  KV_TIMEOUT_MS,
  turn,
  World,
  type WorldIsolate,
} from "./_isolate.ts";

const DOWN = new FunctionError("upstream_failed", "ZITADEL is down");

Deno.test("get() with KV serves a new isolate without asking ZITADEL, also a stale mapping, which is refreshed for all", async () => {
  using world = new World();
  const { clock, upstream } = world;
  assert.equal(await world.isolate().view(), "old from zitadel");
  await turn();
  upstream.viewer = "new";
  clock.advance(FRESH_MS - 1);
  assert.equal(await world.isolate().view(), "old from kv");
  assert.equal(upstream.calls, 1);
  clock.advance(1);
  assert.equal(await world.isolate().view(), "old from stale");
  await turn();
  assert.equal(await world.isolate().view(), "new from kv");
  assert.equal(upstream.calls, 2);
});

Deno.test("invalidate() with Deno KV keeps what was asked for before it out of KV", async () => {
  using kv = await Deno.openKv(":memory:");
  const clock = new Clock();
  const upstream = new StandInUpstream();
  const isolate = () =>
    createIsolate({ clock, readMetadata: upstream.read, kv });
  /** Waits until something is so; a real KV takes its own time. */
  const until = async (holds: () => boolean | Promise<boolean>) => {
    while (!await holds()) await turn();
  };
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

Deno.test("get() serves a mapping too large for KV from memory alone", async (t) => {
  using world = new World();
  const { clock, kv, upstream } = world;
  upstream.ballast = 4;
  const [one, other] = [world.isolate(), world.isolate()];
  assert.equal(await one.view(), "old from zitadel");
  await turn();
  assert.equal(await one.view(), "old from memory");
  assert.equal(await other.view(), "old from zitadel");
  assert.deepEqual([...one.log, ...other.log], []);

  await t.step("also after a gap, without asking ZITADEL", async () => {
    kv.breakWatches();
    await turn();
    assert.equal(await one.view(), "old from memory");
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

Deno.test("get() compares all that was read before the watch began, and trusts what KV has no tombstone of", async () => {
  using world = new World();
  const { clock, upstream } = world;
  const [one, other] = [world.isolate(), world.isolate()];
  const begin = one.connection.hold("watch >");
  assert.equal(await one.view(), "old from zitadel");
  one.connection.state = "silent";
  const unanswered = one.view("2");
  await turn();
  clock.advance(KV_TIMEOUT_MS);
  assert.equal(await unanswered, "old from zitadel");
  one.connection.state = "good";
  upstream.viewer = "new";
  await other.cache.invalidate("1");
  begin();
  await turn();
  clock.advance(KV_PAUSE_MS);
  assert.equal(await one.view(), "new from zitadel");
  upstream.fault = DOWN;
  assert.equal(await one.view("2"), "old from memory");
});

Deno.test("get() asks ZITADEL once for a crowd that comes as the watch begins", async () => {
  using world = new World();
  const one = world.isolate();
  await Promise.all(Array.from({ length: 1_000 }, () => one.view()));
  assert.equal(world.upstream.calls, 1);
});

/** An isolate that has read two organizations, and one that announces. */
async function setUpGap(world: World) {
  const watcher = world.isolate();
  const announcer = world.isolate();
  await watcher.view("1");
  await watcher.view("2");
  await turn();
  return { watcher, announcer };
}

/** Lets an isolate see only the last of several announcements, between which others are lost to it. */
async function miss(
  { connection }: WorldIsolate,
  announcer: Isolate,
  work = () => Promise.resolve(),
): Promise<void> {
  const release = connection.hold("watch <");
  // The value that is on its way already.
  await announcer.cache.invalidate("unrelated");
  await turn();
  await work();
  for (const other of ["other", "another"]) {
    await announcer.cache.invalidate(other);
  }
  release();
  await turn();
}

Deno.test("get() after a gap serves what did not change from memory, and asks ZITADEL for what did", async () => {
  using world = new World();
  const { watcher, announcer } = await setUpGap(world);
  const { upstream, clock } = world;
  upstream.viewer = "new";
  await miss(watcher, announcer, async () => {
    await announcer.cache.invalidate("1");
  });
  const { calls } = upstream;
  assert.equal(await watcher.view("1"), "new from zitadel");
  assert.equal(await watcher.view("2"), "old from memory");
  assert.equal(upstream.calls, calls + 1);
  await miss(watcher, announcer);
  clock.advance(FRESH_MS);
  upstream.fault = DOWN;
  assert.equal(await watcher.view("2"), "old from stale");
});

Deno.test("get() after a gap serves the mapping as a stale one while KV fails, and revalidates it", async () => {
  using world = new World();
  const { watcher, announcer } = await setUpGap(world);
  world.upstream.viewer = "new";
  await miss(watcher, announcer);
  watcher.connection.state = "refuses";
  const release = world.upstream.hold();
  for (let call = 0; call < 2; call++) {
    assert.equal(await watcher.view("1"), "old from stale");
    await turn();
  }
  release();
  await turn();
  assert.equal(await watcher.view("1"), "new from memory");
});

testEach<"good" | "refuses">(
  "get() serves an unverified mapping at once while its revalidation hangs",
  { "with KV": "good", "without": "refuses" },
  async (state) => {
    using world = new World();
    const { watcher } = await setUpGap(world);
    const { clock, kv, upstream } = world;
    clock.advance(FRESH_MS);
    upstream.hold();
    assert.equal(await watcher.view(), "old from stale");
    await turn();
    kv.breakWatches();
    await turn();
    watcher.connection.state = state;
    for (let call = 0; call < 3; call++) {
      assert.equal(await watcher.view(), "old from stale");
      await turn();
    }
    assert.equal(upstream.calls, 3);
  },
);

Deno.test("get() compares with KV once for a crowd", async () => {
  using world = new World();
  const { watcher } = await setUpGap(world);
  world.kv.breakWatches();
  await turn();
  const reads = watcher.connection.count("get >");
  const crowd = Array.from({ length: 100 }, () => watcher.view());
  const answers = new Set(await Promise.all(crowd));
  assert.deepEqual(answers, new Set(["old from memory"]));
  assert.equal(watcher.connection.count("get >"), reads + 1);
  assert.ok(!(watcher.cache.get("1") instanceof Promise));
});
