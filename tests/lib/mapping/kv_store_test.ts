import assert from "node:assert/strict";
import { mock } from "node:test";
import type { LogEntry } from "../../../lib/observability/log.ts";
import { KV_TIMEOUT_MS } from "../../../lib/mapping/kv_trouble.ts";
import { KV_PAUSE_MS, KvStore } from "../../../lib/mapping/kv_store.ts";
import {
  createRoleMapping,
  type RoleMapping,
} from "../../../lib/mapping/role_mapping.ts";
import { turn } from "./_isolate.ts";
import { type Gate, MemoryKv } from "../_memory_kv.ts";

const ORIGIN = "https://zitadel.example";
const NOW = Date.UTC(2026, 6, 10);
const LIFETIME_MS = 660_000;

/** Deno KV refuses a value with more. */
const MAX_VALUE_BYTES = 65_536;

function mappingOf(
  entries: Record<string, readonly string[]>,
): RoleMapping {
  return createRoleMapping(new Map(Object.entries(entries)));
}

const SMALL = mappingOf({ viewer: ["posts:read"], admin: [] });

/** A mapping that takes exactly so many bytes in KV. */
function mappingOfSize(bytes: number, letter = "x"): RoleMapping {
  const frame = '[["r",[""]]]'.length;
  const width = new TextEncoder().encode(letter).length;
  const text = letter.repeat(Math.floor((bytes - frame) / width));
  return mappingOf({ r: [text + "x".repeat((bytes - frame) % width)] });
}

function setUp(kv: Deno.Kv, origin = ORIGIN) {
  const log: LogEntry[] = [];
  const clock = { now: NOW };
  const store = new KvStore({
    kv,
    origin,
    lifetimeMs: LIFETIME_MS,
    now: () => clock.now,
    log: (entry) => void log.push(entry),
  });
  return { store, log, clock };
}

async function valuesOf(kv: Deno.Kv): Promise<Deno.KvEntry<unknown>[]> {
  return await Array.fromAsync(kv.list({ prefix: [] }));
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
  const { version } = await setUp(kv).store.read("1");
  assert.equal(version, null);
  assert.ok(
    await setUp(kv).store.write("1", { mapping, readAt: NOW }, version),
  );
  const { found } = await setUp(kv).store.read("1");
  assert.deepEqual(found, { mapping, readAt: NOW });
  assert.equal((await setUp(kv).store.read("2")).found, undefined);
  const other = setUp(kv, "https://other.example").store;
  assert.equal((await other.read("1")).found, undefined);
});

Deno.test("write() does not keep what is wrong in a mapping", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  const problems = [{ key: "broken", problem: "canary" }];
  const mapping = { ...SMALL, problems };
  await store.write("1", { mapping, readAt: NOW }, null);
  assert.deepEqual((await store.read("1")).found?.mapping.problems, []);
});

Deno.test("write() splits a large mapping into values that Deno KV takes, written at once", async (t) => {
  const sizes = [59_999, 60_000, 60_001, 65_536, 120_000, 300_001, 660_000];
  for (const size of sizes) {
    for (const letter of ["x", "é", "\u{1f511}"]) {
      await t.step(`${size} bytes of ${letter}`, async () => {
        using kv = await Deno.openKv(":memory:");
        const { store, log } = setUp(kv);
        const mapping = mappingOfSize(size, letter);
        await store.write("1", { mapping, readAt: NOW }, null);
        assert.deepEqual((await store.read("1")).found?.mapping, mapping);
        assert.deepEqual(log, []);
        const entries = await valuesOf(kv);
        assert.equal(entries.length, Math.ceil(size / 60_000));
        const stamps = entries.map(({ versionstamp }) => versionstamp);
        assert.equal(new Set(stamps).size, 1);
        for (const { value } of entries) {
          assert.ok((value as { bytes: Uint8Array }).bytes.length <= 60_000);
        }
      });
    }
  }
  assert.ok(60_000 < MAX_VALUE_BYTES);
});

Deno.test("write() leaves out a mapping that is too large for one commit", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store, log } = setUp(kv);
  const mapping = mappingOfSize(660_001);
  assert.ok(await store.write("1", { mapping, readAt: NOW }, null));
  assert.deepEqual(await valuesOf(kv), []);
  assert.deepEqual(log, []);
});

Deno.test("write() leaves out a mapping that nobody may use any longer", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  const readAt = NOW - LIFETIME_MS;
  assert.ok(await store.write("1", { mapping: SMALL, readAt }, null));
  assert.deepEqual(await valuesOf(kv), []);
});

Deno.test("write() refuses where something was written or voided since", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  const kept = { mapping: SMALL, readAt: NOW };
  const { version } = await store.read("1");
  assert.ok(version !== undefined);
  assert.equal(await store.write("1", kept, version), true);
  assert.equal(await store.write("1", kept, version), false);

  const { version: second } = await store.read("1");
  assert.ok(second !== undefined);
  await setUp(kv).store.invalidate("1");
  assert.equal(await store.write("1", kept, second), false);
  const { found, version: third } = await store.read("1");
  assert.equal(found, undefined);
  assert.ok(third);
  assert.equal(await store.write("1", kept, third), true);
});

Deno.test("read() takes what it cannot read for absent, and write() replaces it", async (t) => {
  const bytes = new TextEncoder().encode('[["viewer",["posts:read"]]]');
  const good = { id: "a", readAt: NOW, chunks: 1, bytes };
  const encode = (text: string) => ({
    ...good,
    bytes: new TextEncoder().encode(text),
  });
  const heads: Record<string, unknown> = {
    "a text": "garbage",
    "null": null,
    "a number": 7n,
    "an older format": { permissions: { viewer: ["posts:read"] } },
    "no bytes": { ...good, bytes: undefined },
    "a time that is none": { ...good, readAt: NaN },
    "no chunks": { ...good, chunks: 0 },
    "more chunks than can be": { ...good, chunks: 1e9 },
    "a chunk that is missing": { ...good, chunks: 2 },
    "not UTF-8": { ...good, bytes: new Uint8Array([0xff, 0x5b]) },
    "text cut in a character": { ...good, bytes: new Uint8Array([0xc3]) },
    "not JSON": encode("[["),
    "JSON that is no mapping": encode('{"viewer":["posts:read"]}'),
    "a permission that is none": encode('[["viewer",[1]]]'),
    "nothing": { ...good, bytes: new Uint8Array() },
  };
  for (const [name, head] of Object.entries(heads)) {
    await t.step(name, async () => {
      using kv = await Deno.openKv(":memory:");
      const { store, log } = setUp(kv);
      await kv.set(["role_permissions", 2, ORIGIN, "1"], head);
      const { found, version } = await store.read("1");
      assert.equal(found, undefined);
      assert.ok(version);
      const kept = { mapping: SMALL, readAt: NOW };
      assert.equal(await store.write("1", kept, version), true);
      assert.deepEqual((await store.read("1")).found, kept);
      assert.deepEqual(log, []);
    });
  }

  await t.step("though the same, whole, is read", async () => {
    using kv = await Deno.openKv(":memory:");
    await kv.set(["role_permissions", 2, ORIGIN, "1"], good);
    assert.ok((await setUp(kv).store.read("1")).found);
  });

  await t.step("a chunk of another writing", async () => {
    using kv = await Deno.openKv(":memory:");
    const { store } = setUp(kv);
    const large = { mapping: mappingOfSize(130_000), readAt: NOW };
    await store.write("1", large, null);
    const key = ["role_permissions", 2, ORIGIN, "1", 2];
    await kv.set(key, { id: "other", bytes: new Uint8Array(10_000) });
    assert.equal((await store.read("1")).found, undefined);
  });
});

Deno.test("KvStore goes on where KV refuses", async () => {
  const refuse: Gate = () => Promise.reject(new TypeError("canary"));
  const { store, log, clock } = setUp(new MemoryKv().connect({ gate: refuse }));
  const kept = { mapping: SMALL, readAt: NOW };
  assert.deepEqual(await store.read("1"), { version: undefined });
  clock.now += KV_PAUSE_MS;
  assert.equal(await store.write("1", kept, null), true);
  assert.equal(await store.invalidate("1"), false);
  assert.deepEqual(
    log.map(({ level, reason, message, error }) =>
      `${level} ${reason} ${error}: ${message}`
    ),
    ["read from", "write to", "invalidate in"].map((action) =>
      `warn kv_failed TypeError: Cannot ${action} Deno KV; working from memory`
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
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const first = store.read("1");
    await turn();
    mock.timers.tick(KV_TIMEOUT_MS - 1);
    await turn();
    assert.equal(log.length, 0);
    mock.timers.tick(1);
    assert.deepEqual(await first, { version: undefined });
    assert.equal(log[0]?.error, "TimeoutError");

    isSilent = false;
    calls = 0;
    assert.deepEqual(await store.read("2"), { version: undefined });
    await store.write("2", { mapping: SMALL, readAt: NOW }, null);
    assert.equal(calls, 0);
    clock.now += KV_PAUSE_MS;
    assert.deepEqual(await store.read("2"), { version: null });
  } finally {
    mock.timers.reset();
  }
});

Deno.test("read() finds nothing of an organization whose invalidation KV did not confirm", async () => {
  let isDown = false;
  const gate: Gate = (call) =>
    isDown && call === "commit >"
      ? Promise.reject(new TypeError())
      : Promise.resolve();
  const kv = new MemoryKv();
  const { store, clock } = setUp(kv.connect({ gate }));
  await store.write("1", { mapping: SMALL, readAt: NOW }, null);
  isDown = true;
  assert.equal(await store.invalidate("1"), false);
  clock.now += KV_PAUSE_MS;
  assert.deepEqual(await store.read("1"), { version: undefined });
  const other = setUp(kv.connect()).store;
  assert.ok((await other.read("1")).found);

  isDown = false;
  clock.now += KV_PAUSE_MS;
  const { version, found } = await store.read("1");
  assert.ok(version);
  assert.equal(found, undefined);
  assert.equal((await other.read("1")).found, undefined);
});
