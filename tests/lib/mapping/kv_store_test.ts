import assert from "node:assert/strict";
import type { KvOptions } from "../../../lib/mapping/kv_access.ts";
import { KvStore, type Stored } from "../../../lib/mapping/kv_store.ts";
import type { DatedMapping } from "../../../lib/mapping/kv_values.ts";
import { createRoleMapping } from "../../../lib/mapping/role_mapping.ts";
import { testEach } from "../../_test_each.ts";
import { Connection, MemoryKv } from "../_memory_kv.ts";
import {
  Clock,
  EVENT_MEMORY_MS,
  KV_PAUSE_MS,
  KV_TIMEOUT_MS,
  ORIGIN,
  storeOver,
  turn,
} from "./_isolate.ts";

const NOW = new Clock().now();
const LIFETIME_MS = 660_000;
const KEY = ["role_permissions", 4, ORIGIN, "1"];
const NOTHING: Stored = { version: null };

const SMALL: DatedMapping = {
  mapping: createRoleMapping([["viewer", ["posts:read"]], ["admin", []]]),
  readAt: NOW,
};

const at = (sequence: number, arrivedAt = NOW) => ({ sequence, arrivedAt });

const storeOf = (kv: Deno.Kv, options?: Partial<KvOptions>) =>
  storeOver(kv, new Clock(), options).store;

/** Stores of isolates over one database, by one clock. */
function setUp(options: Partial<KvOptions> = {}) {
  const clock = new Clock();
  const kv = new MemoryKv(clock.now);
  const connect = () => {
    const connection = new Connection(kv);
    return { connection, ...storeOver(connection.kv, clock, options) };
  };
  return { clock, kv, connect, ...connect() };
}

Deno.test("read() gives what another isolate wrote", async () => {
  using kv = await Deno.openKv(":memory:");
  const mapping = createRoleMapping(Object.entries({
    viewer: ["posts:read", "é \u{1f511}"],
    "400925124561210406:admin": ["a", "b"],
    none: [],
    "": ["x"],
    ["__proto__"]: ["y"],
  }));
  const absent = { version: null, event: undefined, found: undefined };
  assert.deepEqual(await storeOf(kv).read("1"), absent);
  const found = { mapping, readAt: NOW };
  const version = await storeOf(kv).write("1", found, NOTHING);
  const stored = { version, event: undefined, found };
  assert.deepEqual(await storeOf(kv).read("1"), stored);
  assert.deepEqual(await storeOf(kv).read("2"), absent);
  const other = storeOf(kv, { origin: "https://other.example" });
  assert.deepEqual(await other.read("1"), absent);
  // The mapping of a known version is not decoded again.
  const known = await storeOf(kv).read("1", version);
  assert.deepEqual(known, { ...stored, found: undefined });
});

Deno.test("KvStore has one value for each organization, and one to announce, of this format", async () => {
  using kv = await Deno.openKv(":memory:");
  const store = storeOf(kv);
  await store.invalidate("1", at(7));
  await store.write("2", SMALL, NOTHING);
  const entries = await Array.fromAsync(kv.list({ prefix: [] }));
  assert.deepEqual(entries.map(({ key }) => key), [
    KEY,
    ["role_permissions", 4, ORIGIN, "2"],
    ["role_permissions_announcement", 4, ORIGIN],
  ]);
  assert.deepEqual(entries[0]!.value, { invalidatedAt: NOW, event: at(7) });
  const announcement = { organization: "1", from: NOW, count: NOW };
  assert.deepEqual(entries[2]!.value, announcement);
});

Deno.test("write() takes a mapping of at most 60 kB compressed, and nothing that is wrong in it", async () => {
  using kv = await Deno.openKv(":memory:");
  const store = storeOf(kv);
  // Hex digits compress to half.
  let hex = "";
  for (let i = 0; hex.length < 120_000; i++) {
    hex += Math.imul(i ^ (i >>> 3), 0x9e3779b1).toString(16).slice(-6);
  }
  const sizes: number[] = [];
  for (let length = 85_000; length < 119_000; length += 1_000) {
    const mapping = createRoleMapping([["r", [hex.slice(0, length)]]]);
    const broken = { ...mapping, unreadable: ["canary"] };
    const dated = { mapping: broken, readAt: NOW };
    const stored = await store.read("1");
    const version = await store.write("1", dated, stored!);
    if (version === undefined) continue;
    assert.deepEqual((await store.read("1"))?.found?.mapping, mapping);
    const { value } = await kv.get<{ mapping: Uint8Array }>(KEY);
    sizes.push(value!.mapping.length);
  }
  assert.ok(sizes.length > 0 && sizes.length < 34);
  assert.ok(Math.max(...sizes) > 59_000 && Math.max(...sizes) <= 60_000);
});

Deno.test("write() leaves out a mapping that has expired", async () => {
  const { store, kv } = setUp();
  const expired = { ...SMALL, readAt: NOW - LIFETIME_MS };
  assert.equal(await store.write("1", expired, NOTHING), undefined);
  assert.deepEqual(kv.values, []);
});

testEach<
  [ms: number, (store: KvStore) => Promise<unknown>, lifetimeMs?: number]
>(
  "KvStore's values expire",
  {
    "mappings": [LIFETIME_MS, (store) => store.write("1", SMALL, NOTHING)],
    "mappings, not before their event is forgotten": [
      EVENT_MEMORY_MS,
      (store) => store.write("1", SMALL, { version: null, event: at(7) }),
      10,
    ],
    "tombstones, after all that they outlive": [
      LIFETIME_MS + EVENT_MEMORY_MS,
      (store) => store.invalidate("1", undefined),
    ],
  },
  async ([ms, work, lifetimeMs = LIFETIME_MS]) => {
    const { clock, store } = setUp({ lifetimeMs });
    await work(store);
    clock.advance(ms - 1);
    assert.equal(typeof (await store.read("1"))?.version, "string");
    clock.advance(1);
    assert.equal((await store.read("1"))?.version, null);
  },
);

const gzip = async (text: string) => ({
  readAt: NOW,
  mapping: await new Response(
    new Blob([text]).stream().pipeThrough(new CompressionStream("gzip")),
  ).bytes(),
});
const good = await gzip('[["viewer",["posts:read"]]]');

testEach<unknown>(
  "read() treats what it cannot read as absent, and write() replaces it",
  {
    "a text": "garbage",
    "an older format": { permissions: { viewer: ["posts:read"] } },
    "no bytes": { ...good, mapping: undefined },
    "a time that is none": { ...good, readAt: NaN },
    "an event that is none": { ...good, event: { sequence: "7" } },
    "cut gzip": { ...good, mapping: good.mapping.slice(0, -9) },
    "JSON that is no mapping": await gzip('{"viewer":["posts:read"]}'),
    "a permission that is none": await gzip('[["viewer",[1]]]'),
  },
  async (value) => {
    using kv = await Deno.openKv(":memory:");
    const store = storeOf(kv);
    await kv.set(KEY, good);
    assert.ok((await store.read("1"))?.found);
    await kv.set(KEY, value);
    const stored = await store.read("1");
    assert.equal(stored?.found, undefined);
    assert.equal(typeof stored?.version, "string");
    assert.ok(await store.write("1", SMALL, stored!));
    assert.deepEqual((await store.read("1"))?.found, SMALL);
  },
);

Deno.test("KvStore leaves KV alone for a while after it did not answer", async () => {
  const { store, connection, log, clock } = setUp();
  const timeOut = async () => {
    connection.state = "silent";
    const read = store.read("1");
    await turn();
    clock.advance(KV_TIMEOUT_MS - 1);
    await turn();
    clock.advance(1);
    assert.equal(await read, undefined);
    connection.state = "good";
  };
  await timeOut();
  assert.deepEqual(log.map(({ error }) => error), ["TimeoutError"]);
  assert.equal(await store.read("2"), undefined);
  assert.equal(await store.write("2", SMALL, NOTHING), undefined);
  clock.advance(KV_PAUSE_MS - 1);
  assert.equal(await store.read("2"), undefined);
  assert.equal(connection.count("get >"), 1);
  assert.equal(connection.count("commit >"), 0);
  clock.advance(1);
  assert.equal((await store.read("2"))?.version, null);

  // Not for longer when the clock is set back.
  await timeOut();
  clock.advance(-3_600_000);
  assert.equal((await store.read("2"))?.version, null);
});

Deno.test("read() reads nothing of an organization whose invalidation KV did not confirm", async () => {
  const { store, connection, clock, connect } = setUp();
  await store.write("1", SMALL, NOTHING);
  connection.state = "refuses";
  for (const sequence of [1, 2]) {
    assert.equal(await store.invalidate("1", at(sequence)), true);
  }
  clock.advance(KV_PAUSE_MS);
  assert.equal(await store.read("1"), undefined);
  clock.advance(KV_PAUSE_MS);
  connection.state = "good";
  assert.ok(await store.read("2"), "of another organization");
  const other = connect().store;
  assert.ok((await other.read("1"))?.found);

  const stored = await store.read("1");
  assert.equal(stored?.found, undefined);
  assert.deepEqual(stored?.event, at(2));
  assert.equal((await other.read("1"))?.found, undefined);
});

Deno.test("invalidate() knows an event that KV has, for as long as it may be replayed", async () => {
  const { clock, connect } = setUp();
  const invalidate = (sequence: number, organization = "1") =>
    connect().store.invalidate(organization, at(sequence, clock.now()));
  assert.equal(await invalidate(7), true);
  const { version } = (await connect().store.read("1"))!;
  for (const sequence of [7, 6, 0]) {
    assert.equal(await invalidate(sequence), false);
  }
  assert.equal((await connect().store.read("1"))?.version, version);
  assert.equal(await invalidate(7, "2"), true);

  assert.equal(await connect().store.invalidate("1", undefined), true);
  assert.equal(await invalidate(7), false, "forgotten");
  assert.equal(await invalidate(8), true);
  clock.advance(EVENT_MEMORY_MS - 1);
  assert.equal(await invalidate(8), false);
  clock.advance(1);
  assert.equal(await invalidate(1), true);
});

Deno.test("invalidate() forgets an event that comes from an isolate whose clock is ahead", async () => {
  const { store, connect } = setUp();
  await store.invalidate("1", at(Number.MAX_SAFE_INTEGER, NOW + 1));
  assert.equal(await connect().store.invalidate("1", at(1)), true);
});

Deno.test("invalidate() has one announcement in flight and one waiting", async () => {
  const { store, connection, connect } = setUp();
  const outcomes = await Promise.all(
    Array.from({ length: 60 }, (_, index) => store.invalidate("1", at(index))),
  );
  assert.deepEqual(new Set(outcomes), new Set([true]));
  assert.equal(connection.count("commit >"), 2);
  const other = connect().store;
  assert.equal(await other.invalidate("1", at(59)), false);
  assert.equal(await other.invalidate("1", at(60)), true);
});

Deno.test("invalidate() announces what waits together as its most important event asks for", async () => {
  const { connect } = setUp();
  const { store: first } = connect();
  // The highest sequence.
  await Promise.all([1, 9, 8].map((it) => first.invalidate("1", at(it))));
  assert.equal(await connect().store.invalidate("1", at(9)), false);
  // One without a sequence, in any case.
  const { store: second } = connect();
  const outcomes = await Promise.all([
    second.invalidate("1", at(9)),
    second.invalidate("1", undefined),
    second.invalidate("1", at(5)),
  ]);
  assert.deepEqual(outcomes, [false, true, true]);
});
