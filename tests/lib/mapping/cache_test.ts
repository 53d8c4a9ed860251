import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import { abortable } from "../../../lib/util/abortable.ts";
import { StandInUpstream } from "../_upstream.ts";
import {
  Clock,
  createIsolate,
  describe,
  FRESH_MS,
  REVALIDATE_RETRY_MS,
  STALE_MS,
  turn,
} from "./_isolate.ts";

const DOWN = new FunctionError("upstream_failed", "ZITADEL is down", {
  reason: "unreachable",
});

/** A cache without KV, a ZITADEL and a clock. */
function setUp(options: { freshMs?: number; staleMs?: number } = {}) {
  const clock = new Clock();
  const upstream = new StandInUpstream();
  const readMetadata = upstream.read;
  const isolate = createIsolate({ clock, readMetadata, ...options });
  /** What is served at once. */
  const served = () => {
    const lookup = isolate.cache.get("1");
    assert.ok(!(lookup instanceof Promise));
    return describe(lookup);
  };
  return { clock, upstream, served, ...isolate };
}

Deno.test("get() serves a stale mapping at once, while one revalidation runs behind it", async () => {
  const { clock, upstream, served, view } = setUp();
  await view();
  upstream.viewer = "new";
  const release = upstream.hold();
  clock.advance(FRESH_MS);
  for (let call = 0; call < 100; call++) {
    assert.equal(served(), "old from stale");
    await turn();
  }
  assert.equal(upstream.calls, 2);
  release();
  await turn();
  assert.equal(served(), "new from memory");
  assert.equal(upstream.calls, 2);
});

Deno.test("get() counts a mapping's age from when its reading began", async () => {
  const { clock, upstream, view, served } = setUp();
  const release = upstream.hold();
  const first = view();
  await turn();
  clock.advance(1_000);
  release();
  await first;
  clock.advance(FRESH_MS - 1_000);
  assert.equal(served(), "old from stale");
});

Deno.test("get() serves the old mapping while ZITADEL fails, until the stale time ends", async () => {
  const { clock, upstream, log, view } = setUp();
  await view();
  upstream.fault = DOWN;
  clock.advance(FRESH_MS + STALE_MS - 1);
  assert.equal(await view(), "old from stale");
  await turn();
  const [{ message, reason, level, organization }] = log as [typeof log[0]];
  assert.match(message, /ZITADEL is down; the mapping read before/);
  const expected = ["error", "unreachable", "1"];
  assert.deepEqual([level, reason, organization], expected);

  clock.advance(1);
  for (let call = 0; call < 2; call++) await assert.rejects(view(), DOWN);
  upstream.fault = undefined;
  upstream.viewer = "new";
  assert.equal(await view(), "new from zitadel");
});

Deno.test("get() pauses between revalidations that fail, and logs each once", async () => {
  const { clock, upstream, view, log } = setUp();
  await view();
  upstream.fault = DOWN;
  clock.advance(FRESH_MS);
  for (let tenths = 0; tenths < 30; tenths++) {
    await Promise.all([view(), view()]);
    await turn();
    clock.advance(REVALIDATE_RETRY_MS / 10);
  }
  assert.equal(upstream.calls, 1 + 3);
  assert.equal(log.length, 3);

  upstream.fault = undefined;
  upstream.viewer = "new";
  await view();
  await turn();
  assert.equal(await view(), "new from memory");
});

Deno.test("get() does not trust a mapping from the future when the clock was set back", async () => {
  const { clock, upstream, view } = setUp();
  await view();
  upstream.viewer = "new";
  clock.advance(-3_600_000);
  assert.equal(await view(), "new from zitadel");
});

Deno.test("get() forgets the least recently used organizations", async () => {
  const { upstream, view } = setUp();
  // 36 times 1.8 MB, by the cache's estimate, are more than it keeps.
  upstream.ballast = 10;
  for (let organization = 0; organization < 40; organization++) {
    await view(String(organization));
    assert.match(await view("0"), /memory$/);
  }
  assert.match(await view("39"), /memory$/);
  assert.match(await view("1"), /zitadel$/);
});

Deno.test("get() keeps a reading whose callers have left", async () => {
  const { upstream, view, served } = setUp();
  const release = upstream.hold();
  await assert.rejects(abortable(view(), AbortSignal.abort(DOWN)), DOWN);
  release();
  await turn();
  assert.equal(served(), "old from memory");
});

Deno.test("invalidate() keeps a revalidation under way from bringing the old mapping back", async () => {
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
