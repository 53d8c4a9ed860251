import assert from "node:assert/strict";
import { FunctionError } from "../../../lib/errors.ts";
import {
  Clock,
  createIsolate,
  describe,
  EVENT_MEMORY_MS,
  FRESH_MS,
  REVALIDATE_RETRY_MS,
  STALE_MS,
  turn,
} from "./_isolate.ts";
import { abortable } from "../../../lib/util/abortable.ts";
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

Deno.test("get() serves a stale mapping at once, while one revalidation runs behind it", async () => {
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

Deno.test("get() logs a revalidation that fails once, however many calls it serves", async () => {
  const { clock, upstream, log, view } = setUp();
  await view();
  upstream.fault = DOWN;
  const release = upstream.hold();
  clock.advance(FRESH_MS);
  for (let call = 0; call < 100; call++) await view();
  release();
  await turn();
  assert.equal(log.length, 1);
});

Deno.test("get() pauses between revalidations that fail", async () => {
  const { clock, upstream, view, log } = setUp();
  await view();
  upstream.fault = DOWN;
  clock.advance(FRESH_MS);
  const asked: number[] = [];
  for (
    let ms = 0;
    ms < 3 * REVALIDATE_RETRY_MS;
    ms += REVALIDATE_RETRY_MS / 10
  ) {
    await view();
    await turn();
    asked.push(upstream.calls);
    clock.advance(REVALIDATE_RETRY_MS / 10);
  }
  assert.equal(asked.at(-1), 1 + 3);
  assert.equal(log.length, 3);

  upstream.fault = undefined;
  upstream.viewer = "new";
  clock.advance(REVALIDATE_RETRY_MS);
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
  // 36 times 1.8 MB, by the cache's estimate, are more than it keeps.
  upstream.ballast = 10;
  for (let organization = 0; organization < 40; organization++) {
    await view(String(organization));
    assert.match(await view("0"), /memory$/);
  }
  assert.match(await view("39"), /memory$/);
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
    entries: "role-0",
  }]);
  assert.match(log[0]!.message, /^1 metadata entry of .* grants nothing: it /);
  values = ["[", "["];
  await refresh();
  values = ['["a"]'];
  await refresh();
  values = ["["];
  await refresh();
  assert.deepEqual(
    log.map(({ entries }) => entries),
    ["role-0", "role-0; role-1", "role-0"],
  );
});

Deno.test("get() says again which entries it cannot read when one changes that the line does not name", async () => {
  const clock = new Clock();
  let last = "[";
  using isolate = createIsolate({
    clock,
    readMetadata: () =>
      Promise.resolve(Array.from({ length: 21 }, (_, index) => ({
        key: `role-${index}`,
        value: new TextEncoder().encode(index === 20 ? last : "["),
      }))),
  });
  const { view, log } = isolate;
  for (last of ["[", "[", "a"]) {
    await view();
    clock.advance(FRESH_MS + STALE_MS);
  }
  assert.equal(log.length, 2);
  assert.equal(String(log[1]?.entries).split("; ").length, 20);
});

Deno.test("get() names a key that may be personal by its hash", async () => {
  using isolate = createIsolate({
    clock: new Clock(),
    readMetadata: () =>
      Promise.resolve([{
        key: "jane.doe@example.com",
        value: new TextEncoder().encode("cmVhZA=="),
      }]),
  });
  await isolate.view();
  assert.equal(isolate.log[0]?.entries, "sha256:86e0b9e5");
});

Deno.test("get() refuses a mapping of more than 2 MiB", async () => {
  const { upstream, view } = setUp();
  upstream.ballast = 12;
  await assert.rejects(
    view(),
    (error) =>
      error instanceof FunctionError && error.code === "upstream_failed" &&
      error.details.reason === "unreadable_answer" &&
      error.details.organization === "1",
  );
  upstream.ballast = 0;
  assert.equal(await view(), "old from zitadel");
});

Deno.test("get() keeps a reading whose callers have left", async () => {
  const { upstream, view } = setUp();
  const release = upstream.hold();
  const left = abortable(view(), AbortSignal.abort(DOWN));
  await assert.rejects(left, DOWN);
  release();
  await turn();
  assert.equal(await view(), "old from memory");
});

Deno.test("get() reads once at a time for 60 pairs of an event and a login", async () => {
  const { upstream, cache, view } = setUp();
  const release = upstream.hold();
  const logins: Promise<string>[] = [];
  for (let sequence = 1; sequence <= 60; sequence++) {
    upstream.viewer = `after ${sequence}`;
    await cache.invalidate("1", sequence);
    logins.push(view());
    await turn();
  }
  assert.equal(upstream.calls, 1);
  release();
  const answers = await Promise.all(logins);
  assert.equal(answers[0], "after 1 from zitadel");
  for (const answer of answers.slice(1)) {
    assert.equal(answer, "after 60 from zitadel");
  }
  assert.equal(upstream.calls, 2);
  assert.equal(upstream.mostAtOnce, 1);
  assert.equal(await view(), "after 60 from memory");
});

Deno.test("invalidate() counts an event once", async (t) => {
  const { clock, upstream, cache, view } = setUp();
  await view();
  upstream.viewer = "new";
  assert.equal(await cache.invalidate("1", 7), true);
  assert.equal(await view(), "new from zitadel");

  await t.step(
    "so that a replay or an earlier event does nothing",
    async () => {
      for (const sequence of [7, 6, 7]) {
        assert.equal(await cache.invalidate("1", sequence), false);
        assert.equal(await view(), "new from memory");
      }
      assert.equal(upstream.calls, 2);
    },
  );

  await t.step("also while ZITADEL is down", async () => {
    upstream.fault = DOWN;
    clock.advance(FRESH_MS);
    assert.equal(await cache.invalidate("1", 7), false);
    assert.equal(await view(), "new from stale");
    await turn();
    assert.equal(await view(), "new from stale");
  });

  await t.step("by organization", async () => {
    assert.equal(await cache.invalidate("2", 7), true);
  });

  await t.step("but acts on one without a sequence", async () => {
    assert.equal(await cache.invalidate("1"), true);
    await assert.rejects(view(), DOWN);
  });

  await t.step(
    "and never serves the old mapping after a later one",
    async () => {
      upstream.fault = undefined;
      await view();
      upstream.fault = DOWN;
      assert.equal(await cache.invalidate("1", 8), true);
      await assert.rejects(view(), DOWN);
      assert.equal(await cache.invalidate("1", 8), false);
      await assert.rejects(view(), DOWN);
    },
  );

  await t.step("until a replay's signature has long expired", async () => {
    clock.advance(EVENT_MEMORY_MS - 1);
    assert.equal(await cache.invalidate("1"), true);
    assert.equal(await cache.invalidate("1", 8), false);
    clock.advance(1);
    assert.equal(await cache.invalidate("1", 8), true);
  });
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
  assert.equal(upstream.calls, 1, "two readings at once");
  release();
  assert.equal(await before, "old from zitadel");
  assert.equal(await after, "new from zitadel", "joined an older reading");
  assert.equal(upstream.calls, 2);
  assert.equal(await view(), "new from memory");
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
