import assert from "node:assert/strict";
import { KvStore, type Stored } from "../../../lib/mapping/kv_store.ts";
import type { KvOptions } from "../../../lib/mapping/kv_access.ts";
import type { DatedMapping } from "../../../lib/mapping/kv_values.ts";
import {
  createRoleMapping,
  type RoleMapping,
} from "../../../lib/mapping/role_mapping.ts";
import {
  Clock,
  EVENT_MEMORY_MS,
  KV_PAUSE_MS,
  KV_TIMEOUT_MS,
  kvOptions,
  ORIGIN,
  turn,
} from "./_isolate.ts";
import { type Gate, MemoryKv } from "../_memory_kv.ts";
import { countListeners } from "../util/_listeners.ts";

const NOW = new Clock().now();
const LIFETIME_MS = 660_000;

/** How often an announcement competes before it is made as a gap. */
const MAX_ATTEMPTS = 8;

const NOTHING: Stored = { version: null };

function mappingOf(
  entries: Record<string, readonly string[]>,
): RoleMapping {
  return createRoleMapping(new Map(Object.entries(entries)));
}

const SMALL: DatedMapping = {
  mapping: mappingOf({ viewer: ["posts:read"], admin: [] }),
  readAt: NOW,
};

/** A mapping that takes about so many bytes in KV: hex digits compress to half. */
function mappingOfSize(bytes: number): RoleMapping {
  let hex = "";
  for (let at = 0; hex.length < bytes * 1.7; at++) {
    // A generator of pseudo-random numbers, so that the test is the same each time.
    hex += Math.imul(at ^ (at >>> 3), 0x9e3779b1).toString(16).slice(-6);
  }
  return mappingOf({ r: [hex] });
}

function setUp(
  kv: Deno.Kv,
  { clock = new Clock(), ...given }: Partial<KvOptions> & { clock?: Clock } =
    {},
) {
  const { options, log } = kvOptions(kv, clock, {
    lifetimeMs: LIFETIME_MS,
    ...given,
  });
  return { store: new KvStore(options), log, clock };
}

const at = (sequence: number, arrivedAt = NOW) => ({ sequence, arrivedAt });

/** Watches as an isolate does, and keeps what it was told. */
async function watch(store: KvStore, ended = new AbortController()) {
  const told: string[] = [];
  const watching = store.watch(
    (organization = "all") => void told.push(organization),
    ended.signal,
  );
  await turn();
  return {
    /** What was told since the last time. */
    async news(): Promise<string[]> {
      await turn();
      return told.splice(0);
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await watching;
    },
  };
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

Deno.test("read() gives what another isolate wrote", async () => {
  using kv = await Deno.openKv(":memory:");
  const mapping = mappingOf({
    viewer: ["posts:read", "é \u{1f511}"],
    "400925124561210406:admin": ["a", "b"],
    none: [],
    "": ["x"],
    __proto__: ["y"],
  });
  assert.deepEqual(await setUp(kv).store.read("1"), {
    version: null,
    event: undefined,
    found: undefined,
  });
  const dated = { mapping, readAt: NOW };
  const version = await setUp(kv).store.write("1", dated, NOTHING);
  assert.deepEqual(await setUp(kv).store.read("1"), {
    version,
    event: undefined,
    found: dated,
  });
  assert.equal((await setUp(kv).store.read("2"))?.found, undefined);
  const other = setUp(kv, { origin: "https://other.example" }).store;
  assert.equal((await other.read("1"))?.found, undefined);
});

Deno.test("KvStore has one value for each organization, and one to announce, of this format", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  await store.invalidate("1", at(7));
  await store.write("2", SMALL, NOTHING);
  const entries = await Array.fromAsync(kv.list({ prefix: [] }));
  assert.deepEqual(entries.map(({ key }) => key), [
    ["role_permissions", 4, ORIGIN, "1"],
    ["role_permissions", 4, ORIGIN, "2"],
    ["role_permissions_announcement", 4, ORIGIN],
  ]);
  assert.deepEqual(entries[0]!.value, { invalidatedAt: NOW, event: at(7) });
  assert.deepEqual(entries[2]!.value, {
    organization: "1",
    from: NOW,
    count: NOW,
  });
});

Deno.test("write() does not keep what is wrong in a mapping", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  const problems = [{ key: "broken", problem: "canary" }];
  const mapping = { ...SMALL.mapping, problems };
  await store.write("1", { mapping, readAt: NOW }, NOTHING);
  assert.deepEqual((await store.read("1"))?.found?.mapping.unreadable, []);
});

Deno.test("write() takes a mapping of at most 60 kB compressed", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store, log } = setUp(kv);
  const sizes: number[] = [];
  for (let size = 50_000; size < 70_000; size += 500) {
    const mapping = mappingOfSize(size);
    const organization = String(size);
    const version = await store.write(
      organization,
      { mapping, readAt: NOW },
      NOTHING,
    );
    const found = (await store.read(organization))?.found;
    assert.deepEqual(found?.mapping, version ? mapping : undefined);
    const key = ["role_permissions", 4, ORIGIN, organization];
    const { value } = await kv.get<{ mapping: Uint8Array }>(key);
    sizes.push(value?.mapping.length ?? Infinity);
  }
  const taken = sizes.filter((size) => size < Infinity);
  assert.ok(taken.length > 0 && taken.length < sizes.length);
  assert.ok(Math.max(...taken) > 59_000 && Math.max(...taken) <= 60_000);
  assert.deepEqual(log, []);
});

Deno.test("write() leaves out a mapping that has expired", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  const expired = { ...SMALL, readAt: NOW - LIFETIME_MS };
  assert.equal(await store.write("1", expired, NOTHING), undefined);
  assert.equal((await store.read("1"))?.version, null);
});

Deno.test("write() does not replace what was written or invalidated since", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  const version = await store.write("1", SMALL, NOTHING);
  assert.ok(version);
  assert.equal(await store.write("1", SMALL, NOTHING), null);
  await setUp(kv).store.invalidate("1", at(7));
  assert.equal(await store.write("1", SMALL, { version }), null);
  const tombstone = await store.read("1");
  assert.equal(tombstone?.found, undefined);
  assert.deepEqual(tombstone?.event, at(7));
  assert.ok(await store.write("1", SMALL, tombstone!));
  assert.deepEqual((await store.read("1"))?.event, at(7), "forgot the event");
});

Deno.test("KvStore's values expire", async (t) => {
  const events = { "without an event": undefined, "with an event": at(7) };
  for (const [name, event] of Object.entries(events)) {
    await t.step(`mappings ${name}`, async () => {
      const clock = new Clock();
      const kv = new MemoryKv(clock.now);
      const { store } = setUp(kv.connect(), { clock });
      await store.write("1", SMALL, { version: null, event });
      clock.advance(LIFETIME_MS - 1);
      assert.equal(kv.values.length, 1);
      clock.advance(1);
      assert.equal(kv.values.length, 0);
    });
  }

  await t.step(
    "mappings with an event not before it is forgotten",
    async () => {
      const clock = new Clock();
      const kv = new MemoryKv(clock.now);
      const { store } = setUp(kv.connect(), { clock, lifetimeMs: 10 });
      await store.write("1", SMALL, { version: null, event: at(7) });
      clock.advance(EVENT_MEMORY_MS - 1);
      assert.equal(await store.invalidate("1", at(7, clock.now())), false);
      clock.advance(1);
      assert.equal(kv.values.length, 0);
    },
  );

  await t.step("tombstones after all that they outlive", async () => {
    const clock = new Clock();
    const kv = new MemoryKv(clock.now);
    const { store } = setUp(kv.connect(), { clock });
    await store.invalidate("1", undefined);
    clock.advance(LIFETIME_MS + EVENT_MEMORY_MS - 1);
    assert.equal(typeof (await store.read("1"))?.version, "string");
    clock.advance(1);
    assert.equal((await store.read("1"))?.version, null);
    // What announces is never lost.
    assert.equal(kv.values.length, 1);
  });
});

Deno.test("read() treats what it cannot read as absent, and write() replaces it", async (t) => {
  const gzip = async (text: string) => ({
    readAt: NOW,
    mapping: await new Response(
      new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")),
    ).bytes(),
  });
  const good = await gzip('[["viewer",["posts:read"]]]');
  const values: Record<string, unknown> = {
    "a text": "garbage",
    "null": null,
    "a number": 7n,
    "an older format": { permissions: { viewer: ["posts:read"] } },
    "no bytes": { ...good, mapping: undefined },
    "a time that is none": { ...good, readAt: NaN },
    "an event that is none": { ...good, event: { sequence: "7" } },
    "not gzip": { ...good, mapping: new Uint8Array([0xff, 0x5b]) },
    "cut gzip": { ...good, mapping: good.mapping.slice(0, -9) },
    "not JSON": await gzip("[["),
    "JSON that is no mapping": await gzip('{"viewer":["posts:read"]}'),
    "a permission that is none": await gzip('[["viewer",[1]]]'),
    "nothing": { ...good, mapping: new Uint8Array() },
  };
  for (const [name, value] of Object.entries(values)) {
    await t.step(name, async () => {
      using kv = await Deno.openKv(":memory:");
      const { store, log } = setUp(kv);
      await kv.set(["role_permissions", 4, ORIGIN, "1"], value);
      const stored = await store.read("1");
      assert.equal(stored?.found, undefined);
      assert.equal(typeof stored?.version, "string");
      assert.ok(await store.write("1", SMALL, stored!));
      assert.deepEqual((await store.read("1"))?.found, SMALL);
      assert.deepEqual(log, []);
    });
  }

  await t.step("though the same, whole, is read", async () => {
    using kv = await Deno.openKv(":memory:");
    await kv.set(["role_permissions", 4, ORIGIN, "1"], good);
    assert.ok((await setUp(kv).store.read("1"))?.found);
  });
});

Deno.test("read() does not decode the mapping of a version that is known", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  const version = await store.write("1", SMALL, NOTHING);
  assert.equal((await store.read("1", version))?.found, undefined);
  assert.ok((await store.read("1", null))?.found);
});

Deno.test("KvStore goes on if KV refuses, and says why without a secret", async () => {
  const refuse: Gate = () =>
    Promise.reject(
      new TypeError("no http://user:canary@kv.example/a?token=canary (closed)"),
    );
  const { store, log, clock } = setUp(new MemoryKv().connect({ gate: refuse }));
  assert.equal(await store.read("1"), undefined);
  clock.advance(KV_PAUSE_MS);
  assert.equal(await store.write("1", SMALL, NOTHING), undefined);
  assert.equal(await store.invalidate("1", at(7)), true);
  assert.deepEqual(
    log.map(({ level, reason, message, error, cause }) =>
      `${level} ${reason} ${message}: ${error} ${cause}`
    ),
    ["read from", "write to", "invalidate in"].map((action) =>
      `warn kv_failed Cannot ${action} Deno KV; working from memory: TypeError no http://kv.example/a (closed)`
    ),
  );
});

Deno.test("KvStore leaves KV alone for a while after it did not answer", async () => {
  let calls = 0;
  let isSilent = true;
  const gate: Gate = () => {
    calls++;
    return isSilent ? new Promise(() => {}) : Promise.resolve();
  };
  const { store, log, clock } = setUp(new MemoryKv().connect({ gate }));
  const first = store.read("1");
  await turn();
  clock.advance(KV_TIMEOUT_MS - 1);
  await turn();
  assert.equal(log.length, 0);
  clock.advance(1);
  assert.equal(await first, undefined);
  assert.equal(log[0]?.error, "TimeoutError");

  isSilent = false;
  calls = 0;
  assert.equal(await store.read("2"), undefined);
  await store.write("2", SMALL, NOTHING);
  clock.advance(KV_PAUSE_MS - 1);
  assert.equal(await store.read("2"), undefined);
  assert.equal(calls, 0);
  clock.advance(1);
  assert.equal((await store.read("2"))?.version, null);

  // Not for longer when the clock is set back.
  isSilent = true;
  const second = store.read("1");
  await turn();
  clock.advance(KV_TIMEOUT_MS);
  await second;
  isSilent = false;
  clock.advance(-3_600_000);
  assert.equal((await store.read("2"))?.version, null);
});

Deno.test("read() reads nothing of an organization whose invalidation KV did not confirm", async () => {
  let isDown = false;
  const gate: Gate = (call) =>
    isDown && call === "commit >"
      ? Promise.reject(new TypeError())
      : Promise.resolve();
  const kv = new MemoryKv();
  const { store, clock } = setUp(kv.connect({ gate }));
  await store.write("1", SMALL, NOTHING);
  isDown = true;
  for (const sequence of [1, 2]) {
    assert.equal(await store.invalidate("1", at(sequence)), true);
  }
  clock.advance(KV_PAUSE_MS);
  assert.equal(await store.read("1"), undefined);
  clock.advance(KV_PAUSE_MS);
  assert.ok(await store.read("2"), "of another organization");
  const other = setUp(kv.connect()).store;
  assert.ok((await other.read("1"))?.found);

  isDown = false;
  const stored = await store.read("1");
  assert.equal(stored?.found, undefined);
  assert.deepEqual(stored?.event, at(2));
  assert.equal((await other.read("1"))?.found, undefined);
});

Deno.test("invalidate() knows an event that KV has, for as long as it may be replayed", async () => {
  const clock = new Clock();
  const kv = new MemoryKv(clock.now);
  const isolate = () => setUp(kv.connect(), { clock }).store;
  assert.equal(await isolate().invalidate("1", at(7)), true);
  const { version } = (await isolate().read("1"))!;
  for (const sequence of [7, 6, 0]) {
    assert.equal(await isolate().invalidate("1", at(sequence)), false);
  }
  assert.equal((await isolate().read("1"))?.version, version);
  assert.equal(await isolate().invalidate("2", at(7)), true);

  assert.equal(await isolate().invalidate("1", undefined), true);
  assert.equal(await isolate().invalidate("1", at(7)), false, "forgotten");
  const event = at(8, clock.now());
  assert.equal(await isolate().invalidate("1", event), true);
  clock.advance(EVENT_MEMORY_MS - 1);
  assert.equal(await isolate().invalidate("1", at(8, clock.now())), false);
  clock.advance(1);
  assert.equal(await isolate().invalidate("1", at(1, clock.now())), true);
});

Deno.test("invalidate() forgets an event that comes from an isolate whose clock is ahead", async () => {
  const kv = new MemoryKv();
  const absurd = at(Number.MAX_SAFE_INTEGER, NOW + 1);
  const ahead = new Clock();
  ahead.advance(1);
  await setUp(kv.connect(), { clock: ahead }).store.invalidate("1", absurd);
  assert.equal(await setUp(kv.connect()).store.invalidate("1", at(1)), true);
});

Deno.test("invalidate() has one announcement in flight and one waiting", async () => {
  const kv = new MemoryKv();
  let commits = 0;
  const { store } = setUp(kv.connect({ onCommit: () => void commits++ }));
  await using watched = await watch(store);
  await watched.news();
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, (_, index) => store.invalidate("1", at(index))),
  );
  assert.deepEqual(outcomes, outcomes.map(() => true));
  assert.equal(commits, 2);
  const other = setUp(kv.connect()).store;
  assert.equal(await other.invalidate("1", at(59)), false);
  assert.equal(await other.invalidate("1", at(60)), true);
});

Deno.test("invalidate() announces what waits together as its most important event asks for", async (t) => {
  await t.step("one without a sequence, in any case", async () => {
    const kv = new MemoryKv();
    await setUp(kv.connect()).store.invalidate("1", at(7));
    const { store } = setUp(kv.connect());
    const outcomes = await Promise.all([
      store.invalidate("1", at(7)),
      store.invalidate("1", undefined),
      store.invalidate("1", at(5)),
    ]);
    assert.deepEqual(outcomes, [false, true, true]);
  });

  await t.step("the highest sequence", async () => {
    const kv = new MemoryKv();
    const { store } = setUp(kv.connect());
    await Promise.all([1, 9, 8].map((it) => store.invalidate("1", at(it))));
    assert.equal(await setUp(kv.connect()).store.invalidate("1", at(9)), false);
  });
});

Deno.test("watch() tells of what other isolates announce, and not of this one's", async () => {
  const kv = new MemoryKv();
  const { gate, hold } = holdable();
  const { store } = setUp(kv.connect({ gate }));
  const other = setUp(kv.connect()).store;
  await using watched = await watch(store);
  assert.deepEqual(await watched.news(), ["all"], "nothing was seen before");
  await other.invalidate("0", undefined);
  assert.deepEqual(await watched.news(), ["all"], "the key is new");
  const release = hold();
  await store.invalidate("own", undefined);
  release();
  assert.deepEqual(await watched.news(), []);
  await other.invalidate("1", at(5));
  assert.deepEqual(await watched.news(), ["1"]);
  await other.invalidate("2", undefined);
  assert.deepEqual(await watched.news(), ["2"]);
});

Deno.test("watch() tells of one organization however often it was announced, and of a gap if there were others", async () => {
  const kv = new MemoryKv();
  const { gate, hold } = holdable();
  const { store } = setUp(kv.connect({ gate }));
  const other = setUp(kv.connect()).store;
  await other.invalidate("first", undefined);
  await using watched = await watch(store);
  await watched.news();
  const missing = async (...organizations: string[]) => {
    const release = hold();
    for (const organization of organizations) {
      await other.invalidate(organization, undefined);
      await turn();
    }
    release();
    return await watched.news();
  };
  // The first of each is on its way already while the others are missed.
  assert.deepEqual(await missing("1", "2", "2", "2"), ["1", "2"]);
  assert.deepEqual(await missing("1", "2", "1"), ["1", "all"]);
  assert.deepEqual(await missing("1", "2", "3"), ["1", "all"]);
  assert.deepEqual(await missing("4"), ["4"]);
});

Deno.test("invalidate() tells of another isolate's announcement that it replaced unseen", async () => {
  const kv = new MemoryKv();
  const { gate, hold } = holdable();
  const { store } = setUp(kv.connect({ gate }));
  const other = setUp(kv.connect()).store;
  await other.invalidate("first", undefined);
  await using watched = await watch(store);
  await watched.news();
  const release = hold();
  await other.invalidate("shown", undefined);
  await turn();
  await other.invalidate("replaced", undefined);
  await store.invalidate("own", undefined);
  assert.deepEqual(await watched.news(), ["all"]);
  release();
  // Late, and not after what was seen.
  assert.deepEqual(await watched.news(), ["all"]);
  await other.invalidate("next", undefined);
  assert.notDeepEqual(await watched.news(), []);
});

Deno.test("invalidate() makes a gap, for itself too, if it cannot get its turn", async () => {
  const kv = new MemoryKv();
  const rival = setUp(kv.connect()).store;
  await rival.invalidate("rival", undefined);
  let rivals = 0;
  const { gate: watchGate, hold } = holdable();
  const gate: Gate = async (call) => {
    if (call !== "commit >") return await watchGate(call);
    rivals++;
    await rival.invalidate("rival", undefined);
  };
  const { store, log } = setUp(kv.connect({ gate }));
  await using watched = await watch(setUp(kv.connect()).store);
  await using own = await watch(store);
  await watched.news();
  await own.news();
  const release = hold();
  assert.equal(await store.invalidate("1", at(1)), true);
  release();
  assert.equal(rivals, MAX_ATTEMPTS);
  assert.ok((await watched.news()).includes("all"));
  assert.ok((await own.news()).includes("all"));
  assert.deepEqual(log, []);
  // Contention is no failure: KV is not left alone.
  assert.deepEqual((await store.read("1"))?.event, at(1));
  await rival.invalidate("next", undefined);
  assert.deepEqual(await watched.news(), ["next"]);
  assert.deepEqual(await own.news(), ["next"]);
});

Deno.test("watch() misses nothing when many isolates announce at once", async () => {
  using kv = await Deno.openKv(":memory:");
  const organizations = Array.from({ length: 6 }, (_, i) => String(i));
  await using watched = await watch(setUp(kv).store);
  await Promise.all(
    organizations.map((it) => setUp(kv).store.invalidate(it, undefined)),
  );
  const told = new Set<string>();
  for (let turns = 0; turns < 100_000 && !told.has("all"); turns++) {
    for (const it of await watched.news()) told.add(it);
    if (organizations.every((it) => told.has(it))) break;
  }
  assert.ok(told.has("all") || told.size >= organizations.length);
});

Deno.test("watch() finds a gap after it broke, and when the database was replaced", async (t) => {
  const setUpWatch = async () => {
    const kv = new MemoryKv();
    const { store, clock, log } = setUp(kv.connect());
    const other = setUp(kv.connect()).store;
    await other.invalidate("before", undefined);
    const watched = await watch(store);
    await watched.news();
    const passPause = async () => {
      await turn();
      clock.advance(KV_PAUSE_MS);
      await turn();
    };
    return { kv, other, watched, passPause, clock, log };
  };

  await t.step("that nothing happened in", async () => {
    const { kv, other, watched, passPause, log } = await setUpWatch();
    await using _ = watched;
    kv.breakWatches();
    assert.deepEqual(await watched.news(), ["all"]);
    await passPause();
    assert.deepEqual(await watched.news(), []);
    await other.invalidate("next", undefined);
    assert.deepEqual(await watched.news(), ["all"]);
    await other.invalidate("next but one", undefined);
    assert.deepEqual(await watched.news(), ["next but one"]);
    assert.equal(log.length, 1);
    assert.equal(log[0]?.cause, "connection lost");
  });

  await t.step("in which something was announced", async () => {
    const { kv, other, watched, passPause } = await setUpWatch();
    await using _ = watched;
    kv.breakWatches();
    await watched.news();
    await other.invalidate("1", undefined);
    await passPause();
    assert.deepEqual(await watched.news(), ["all"]);
  });

  await t.step("by a database of earlier", async () => {
    const { kv, other, watched } = await setUpWatch();
    await using _ = watched;
    const backup = kv.backup();
    for (let index = 0; index < 3; index++) {
      await other.invalidate("1", undefined);
      await turn();
    }
    await watched.news();
    kv.restore(backup);
    await watched.news();
    await setUp(kv.connect()).store.invalidate("2", undefined);
    assert.deepEqual(await watched.news(), ["all"]);
  });

  await t.step("by an empty one", async () => {
    const { kv, watched } = await setUpWatch();
    await using _ = watched;
    kv.restore();
    assert.deepEqual(await watched.news(), ["all"]);
    await setUp(kv.connect()).store.invalidate("1", undefined);
    assert.deepEqual(await watched.news(), ["all"]);
    await setUp(kv.connect()).store.invalidate("2", undefined);
    assert.deepEqual(await watched.news(), ["2"]);
  });
});

Deno.test("watch() that is refused again and again says so once, and marks nothing more", async () => {
  let isBroken = true;
  let attempts = 0;
  const gate: Gate = (call) => {
    if (call !== "watch >" || !isBroken) return Promise.resolve();
    attempts++;
    return Promise.reject(new TypeError());
  };
  const { store, log, clock } = setUp(new MemoryKv().connect({ gate }));
  const ended = new AbortController();
  const { count } = countListeners(ended);
  await using watched = await watch(store, ended);
  for (let broken = 0; broken < 3; broken++) {
    await turn();
    clock.advance(KV_PAUSE_MS - 1);
    await turn();
    clock.advance(1);
  }
  assert.deepEqual(await watched.news(), []);
  assert.equal(attempts, 4);
  assert.equal(log.length, 1);
  isBroken = false;
  clock.advance(KV_PAUSE_MS);
  assert.deepEqual(await watched.news(), ["all"]);
  assert.equal(count(), 0, "left a listener behind");
});

Deno.test("watch() ends at the shutdown", async () => {
  const kv = new MemoryKv();
  const watched = await watch(setUp(kv.connect()).store);
  assert.equal(kv.watches, 1);
  await watched[Symbol.asyncDispose]();
  assert.equal(kv.watches, 0);
});
