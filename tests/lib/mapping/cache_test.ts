import assert from "node:assert/strict";
import { REFRESH_RETRY_MS } from "../../../lib/mapping/cache.ts";
import { FunctionError } from "../../../lib/errors.ts";
import {
  Clock,
  createIsolate,
  describe,
  FRESH_MS,
  STALE_MS,
  turn,
} from "./_isolate.ts";
import { StandInUpstream } from "../_upstream.ts";

const DOWN = new FunctionError("upstream_failed", "ZITADEL is down", {
  reason: "unreachable",
  remedy: "Start it",
});

/** A cache without KV, a ZITADEL and a clock. */
function setUp(options: { freshMs?: number; staleMs?: number } = {}) {
  const clock = new Clock();
  const upstream = new StandInUpstream();
  const isolate = createIsolate({
    clock,
    readMetadata: upstream.read,
    ...options,
  });
  return { clock, upstream, ...isolate };
}

Deno.test("get() serves a fresh mapping from memory, at once", async () => {
  const { clock, upstream, cache, view } = setUp();
  assert.equal(await view(), "old from zitadel");
  upstream.viewer = "new";
  clock.advance(FRESH_MS - 1);
  const lookup = cache.get("1");
  assert.ok(!(lookup instanceof Promise));
  assert.equal(describe(lookup), "old from memory");
  assert.equal(upstream.calls, 1);
});

Deno.test("get() serves a stale mapping at once, while one refresh runs behind it", async () => {
  const { clock, upstream, cache, view } = setUp();
  await view();
  upstream.viewer = "new";
  const release = upstream.hold();
  clock.advance(FRESH_MS);
  for (let call = 0; call < 100; call++) {
    const lookup = cache.get("1");
    assert.ok(!(lookup instanceof Promise));
    assert.equal(describe(lookup), "old from stale");
    await turn();
  }
  assert.equal(upstream.calls, 2);
  release();
  await turn();
  assert.equal(await view(), "new from memory");
  assert.equal(upstream.calls, 2);
});

Deno.test("get() counts a mapping's age from when its reading began", async () => {
  const { clock, upstream, view } = setUp();
  const release = upstream.hold();
  const first = view();
  await turn();
  clock.advance(1_000);
  release();
  await first;
  clock.advance(FRESH_MS - 1_000);
  assert.equal(await view(), "old from stale");
});

Deno.test("get() serves the old mapping while ZITADEL fails, until the stale time ends", async () => {
  const { clock, upstream, log, view } = setUp();
  await view();
  upstream.fault = DOWN;
  clock.advance(FRESH_MS + STALE_MS - 1);
  assert.equal(await view(), "old from stale");
  await turn();
  const { message, reason, remedy, level, organization } = log[0]!;
  assert.match(String(message), /ZITADEL is down; the mapping read before/);
  assert.deepEqual(
    { level, reason, remedy, organization },
    {
      level: "error",
      reason: "unreachable",
      remedy: "Start it",
      organization: "1",
    },
  );

  clock.advance(1);
  await assert.rejects(view(), DOWN);
  await assert.rejects(view(), DOWN);

  upstream.fault = undefined;
  upstream.viewer = "new";
  assert.equal(await view(), "new from zitadel");
});

Deno.test("get() pauses between refreshes that fail", async () => {
  const { clock, upstream, view, log } = setUp();
  await view();
  upstream.fault = DOWN;
  clock.advance(FRESH_MS);
  const asked: number[] = [];
  for (let ms = 0; ms < 3 * REFRESH_RETRY_MS; ms += REFRESH_RETRY_MS / 10) {
    await view();
    await turn();
    asked.push(upstream.calls);
    clock.advance(REFRESH_RETRY_MS / 10);
  }
  assert.equal(asked.at(-1), 1 + 3);
  assert.equal(log.length, 3);

  upstream.fault = undefined;
  upstream.viewer = "new";
  clock.advance(REFRESH_RETRY_MS);
  await view();
  await turn();
  assert.equal(await view(), "new from memory");
});

Deno.test("get() asks ZITADEL once for a crowd of first calls", async (t) => {
  await t.step("that it answers", async () => {
    const { upstream, view } = setUp();
    const crowd = Array.from({ length: 1_000 }, () => view());
    assert.deepEqual(
      new Set(await Promise.all(crowd)),
      new Set(["old from zitadel"]),
    );
    assert.equal(upstream.calls, 1);
  });

  await t.step("that it refuses, and then the next call", async () => {
    const { upstream, view } = setUp();
    upstream.fault = DOWN;
    const crowd = Array.from({ length: 1_000 }, () => view());
    const outcomes = await Promise.allSettled(crowd);
    assert.ok(outcomes.every(({ status }) => status === "rejected"));
    assert.equal(upstream.calls, 1);
    upstream.fault = undefined;
    assert.equal(await view(), "old from zitadel");
    assert.equal(upstream.calls, 2);
  });

  await t.step("each for its own organization", async () => {
    const { upstream, view } = setUp();
    await Promise.all(
      Array.from({ length: 1_000 }, (_, call) => view(String(call % 7))),
    );
    assert.equal(upstream.calls, 7);
  });
});

Deno.test("get() reads for every call when nothing may be kept", async () => {
  const { upstream, view } = setUp({ freshMs: 0, staleMs: 0 });
  await view();
  upstream.viewer = "new";
  assert.equal(await view(), "new from zitadel");
});

Deno.test("get() does not trust a mapping from the future", async (t) => {
  await t.step("when this clock was set back", async () => {
    const { clock, upstream, view } = setUp();
    await view();
    upstream.viewer = "new";
    clock.advance(-3_600_000);
    assert.equal(await view(), "new from zitadel");
  });
});

Deno.test("get() forgets the least recently used organizations", async () => {
  const { upstream, view } = setUp();
  // 17 times 4 MB, by the cache's estimate, are more than it keeps.
  upstream.ballast = 22;
  for (let organization = 0; organization < 17; organization++) {
    await view(String(organization));
    assert.match(await view("0"), /memory$/);
  }
  assert.match(await view("16"), /memory$/);
  assert.match(await view("1"), /zitadel$/);
});

Deno.test("get() says once which entries it cannot read, until that changes", async () => {
  const clock = new Clock();
  let values = ["["];
  using isolate = createIsolate({
    clock,
    readMetadata: () =>
      Promise.resolve(values.map((value, index) => ({
        key: `role-${index}`,
        value: new TextEncoder().encode(value),
      }))),
  });
  const { view, log } = isolate;
  const refresh = async () => {
    clock.advance(FRESH_MS + STALE_MS);
    await view();
  };
  await refresh();
  await refresh();
  assert.deepEqual(log.map(({ reason, entries }) => ({ reason, entries })), [{
    reason: "unreadable_entries",
    entries:
      "role-0: The value is neither a JSON array of strings nor plain names separated by commas",
  }]);
  values = ["[1]"];
  await refresh();
  values = ['["a"]'];
  await refresh();
  values = ["[1]"];
  await refresh();
  assert.equal(log.length, 3);
});

Deno.test("invalidate() without KV drops the organization, and no other", async () => {
  const { upstream, cache, view } = setUp();
  await view("1");
  await view("2");
  upstream.viewer = "new";
  await cache.invalidate("1");
  assert.equal(await view("1"), "new from zitadel");
  assert.equal(await view("2"), "old from memory");
});

Deno.test("invalidate() keeps what was asked for before it out of memory", async () => {
  const { upstream, cache, view } = setUp();
  const release = upstream.hold();
  const before = view();
  await turn();
  upstream.viewer = "new";
  await cache.invalidate("1");
  const after = view();
  await turn();
  assert.equal(upstream.calls, 2, "a call after the event must not join");
  release();
  assert.equal(await before, "old from zitadel");
  assert.equal(await after, "new from zitadel");
  assert.equal(await view(), "new from memory");
});

Deno.test("invalidate() keeps a refresh under way from bringing the old mapping back", async () => {
  const { clock, upstream, cache, view } = setUp();
  await view();
  clock.advance(FRESH_MS);
  const release = upstream.hold();
  await view();
  await turn();
  upstream.viewer = "new";
  await cache.invalidate("1");
  release();
  await turn();
  assert.equal(await view(), "new from zitadel");
});
