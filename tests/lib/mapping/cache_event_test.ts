import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import { testEach } from "../../_test_each.ts";
import { StandInUpstream } from "../_upstream.ts";
import { FRESH_MS, turn, World } from "./_isolate.ts";

const DOWN = new FunctionError("upstream_failed", "ZITADEL is down");

Deno.test("invalidate() with KV counts an event once for all isolates", async (t) => {
  using world = new World();
  const { clock, upstream } = world;
  const one = world.isolate();
  const other = world.isolate();
  await one.view();
  await turn();
  await other.view();
  upstream.viewer = "new";
  assert.equal(await one.cache.invalidate("1", 7), true);
  assert.equal(await one.view(), "new from zitadel");
  await turn();
  assert.equal(await other.view(), "new from kv");
  const { calls } = upstream;

  await t.step(
    "so that a replay does nothing, wherever it arrives",
    async () => {
      const third = world.isolate();
      await third.view();
      for (const isolate of [one, other, third]) {
        for (const sequence of [7, 6]) {
          assert.equal(await isolate.cache.invalidate("1", sequence), false);
          assert.equal(await isolate.view(), "new from memory");
        }
      }
      assert.equal(upstream.calls, calls);
    },
  );

  await t.step("nor while ZITADEL is down", async () => {
    upstream.fault = DOWN;
    clock.advance(FRESH_MS);
    for (const isolate of [one, other, world.isolate()]) {
      assert.equal(await isolate.cache.invalidate("1", 7), false);
      assert.equal(await isolate.view(), "new from stale");
    }
    await turn();
  });

  await t.step(
    "but a genuine one ends the old mapping, also in an outage",
    async () => {
      assert.equal(await other.cache.invalidate("1", 8), true);
      await turn();
      for (const isolate of [one, other, world.isolate()]) {
        await assert.rejects(isolate.view(), DOWN);
      }
    },
  );
});

Deno.test("invalidate() in a burst of one organization's events reads nothing of any other, in any isolate", async () => {
  using world = new World();
  const [one, other] = [world.isolate(), world.isolate()];
  await one.view();
  await turn();
  await other.view();
  const burst = Array.from({ length: 60 }, (_, index) => index + 1);
  await Promise.all(burst.map((it) => one.cache.invalidate("another", it)));
  await turn();
  assert.equal(await one.view(), "old from memory");
  assert.equal(await other.view(), "old from memory");
  assert.equal(world.upstream.calls, 1);
});

Deno.test("get() after an event reads KV once in the isolate that was told, twice in another, and then no more", async () => {
  using world = new World();
  const [one, other] = [world.isolate(), world.isolate()];
  await one.view();
  await turn();
  await other.view();
  await one.cache.invalidate("1", 1);
  await turn();
  const reads = async ({ connection, view }: typeof one) => {
    const before = connection.count("get >");
    await view();
    await turn();
    return connection.count("get >") - before;
  };
  const [told, compared] = [await reads(one), await reads(other)];
  assert.deepEqual([told, compared], [1, 2]);
  assert.deepEqual([await reads(one), await reads(other)], [0, 0]);
});

Deno.test("invalidate() with an event that another isolate overtook drops what is older", async () => {
  using world = new World();
  const one = await world.deaf();
  await one.view();
  await turn();
  world.upstream.viewer = "new";
  await world.isolate().cache.invalidate("1", 8);
  assert.equal(await one.cache.invalidate("1", 7), false);
  assert.equal(await one.view(), "new from zitadel");
});

Deno.test("invalidate() knows an event that came with a mapping from KV, also when KV fails then", async () => {
  using world = new World();
  const [one, other] = [world.isolate(), world.isolate()];
  await one.cache.invalidate("1", 7);
  world.clock.advance(1);
  await one.view();
  await turn();
  assert.equal(await other.view(), "old from kv");
  other.connection.state = "refuses";
  world.upstream.fault = DOWN;
  assert.equal(await other.cache.invalidate("1", 7), false);
  assert.equal(await other.view(), "old from memory");
});

Deno.test("get() after an event serves nothing older, though KV lost the tombstone", async () => {
  using world = new World();
  const [one, other] = [await world.deaf(), await world.deaf()];
  await one.view();
  await turn();
  const backup = world.kv.backup();
  world.upstream.viewer = "new";
  await one.cache.invalidate("1", 1);
  world.kv.restore(backup);
  assert.equal(await other.view(), "old from kv");
  world.upstream.fault = DOWN;
  await assert.rejects(one.view(), DOWN);
  world.upstream.fault = undefined;
  assert.equal(await one.view(), "new from zitadel");
  await turn();
  assert.equal(await one.view(), "new from memory");
});

Deno.test("get() after an event takes from KV what another isolate read since", async () => {
  using world = new World();
  const [one, other] = [await world.deaf(), await world.deaf()];
  await one.view();
  await turn();
  await one.cache.invalidate("1", 1);
  world.clock.advance(1);
  world.upstream.viewer = "new";
  assert.equal(await other.view(), "new from zitadel");
  await turn();
  assert.equal(await one.view(), "new from kv");
});

testEach<boolean>("get() goes on after a commit that lost", {
  "to a tombstone, by reading again": true,
  "to a mapping, by taking it": false,
}, async (isTombstone) => {
  using world = new World();
  const late = new StandInUpstream();
  const one = await world.deaf({ upstream: late });
  const other = await world.deaf();
  const release = late.hold();
  const first = one.view();
  await turn();
  if (isTombstone) await other.cache.invalidate("1", 1);
  else await other.view();
  await turn();
  late.viewer = "new";
  release();
  assert.equal(await first, "old from zitadel");
  await turn();
  const expected = isTombstone ? "new from zitadel" : "old from kv";
  assert.equal(await one.view(), expected);
  assert.equal(late.calls, isTombstone ? 2 : 1);
});

Deno.test("get() does not revalidate a stale mapping by another one that is stale", async () => {
  using world = new World();
  const { clock, upstream } = world;
  const [one, other] = [world.isolate(), world.isolate()];
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
