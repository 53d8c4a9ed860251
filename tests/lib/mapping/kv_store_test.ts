import assert from "node:assert/strict";
import { KV_PAUSE_MS, KV_TIMEOUT_MS } from "../../../lib/mapping/kv_access.ts";
import {
  type DatedMapping,
  KvStore,
  type KvVersion,
  UNKNOWN_VERSION,
} from "../../../lib/mapping/kv_store.ts";
import {
  createRoleMapping,
  type RoleMapping,
} from "../../../lib/mapping/role_mapping.ts";
import { Clock, kvOptions, ORIGIN, turn } from "./_isolate.ts";
import { type Gate, MemoryKv } from "../_memory_kv.ts";

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
  const clock = new Clock();
  const { options, log } = kvOptions(kv, clock, {
    origin,
    lifetimeMs: LIFETIME_MS,
  });
  return { store: new KvStore(options), log, clock };
}

/** Writes a mapping that KV takes, and returns its version. */
async function written(
  store: KvStore,
  dated: DatedMapping,
  version: KvVersion,
): Promise<string> {
  assert.ok(version !== UNKNOWN_VERSION);
  const outcome = await store.write("1", dated, version);
  assert.ok(outcome.kind === "written", outcome.kind);
  return outcome.version;
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
  await written(setUp(kv).store, { mapping, readAt: NOW }, version);
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
  assert.deepEqual((await store.read("1")).found?.mapping.unreadable, []);
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
  assert.deepEqual(
    await store.write("1", { mapping, readAt: NOW }, null),
    { kind: "skipped" },
  );
  assert.deepEqual(await valuesOf(kv), []);
  assert.deepEqual(log, []);
});

Deno.test("write() leaves out a mapping that has expired", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  const readAt = NOW - LIFETIME_MS;
  assert.deepEqual(
    await store.write("1", { mapping: SMALL, readAt }, null),
    { kind: "skipped" },
  );
  assert.deepEqual(await valuesOf(kv), []);
});

Deno.test("write() is outdated if something was written or invalidated since", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  const kept = { mapping: SMALL, readAt: NOW };
  const outdated = { kind: "outdated" };
  const { version } = await store.read("1");
  assert.equal(version, null);
  const first = await written(store, kept, version);
  assert.deepEqual(await store.write("1", kept, version), outdated);

  const { version: second } = await store.read("1");
  assert.equal(first, second);
  await setUp(kv).store.invalidations.invalidate("1");
  assert.deepEqual(await store.write("1", kept, first), outdated);
  const { found, version: third } = await store.read("1");
  assert.equal(found, undefined);
  assert.equal(typeof third, "string");
  await written(store, kept, third);
});

Deno.test("read() treats what it cannot read as absent, and write() replaces it", async (t) => {
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
      await kv.set(["role_permissions", 3, ORIGIN, "1"], head);
      const { found, version } = await store.read("1");
      assert.equal(found, undefined);
      assert.equal(typeof version, "string");
      const kept = { mapping: SMALL, readAt: NOW };
      await written(store, kept, version);
      assert.deepEqual((await store.read("1")).found, kept);
      assert.deepEqual(log, []);
    });
  }

  await t.step("though the same, whole, is read", async () => {
    using kv = await Deno.openKv(":memory:");
    await kv.set(["role_permissions", 3, ORIGIN, "1"], good);
    assert.ok((await setUp(kv).store.read("1")).found);
  });

  await t.step("a chunk of another writing", async () => {
    using kv = await Deno.openKv(":memory:");
    const { store } = setUp(kv);
    const large = { mapping: mappingOfSize(130_000), readAt: NOW };
    await store.write("1", large, null);
    const key = ["role_permissions", 3, ORIGIN, "1", 2];
    await kv.set(key, { id: "other", bytes: new Uint8Array(10_000) });
    assert.equal((await store.read("1")).found, undefined);
  });
});

Deno.test("KvStore goes on if KV refuses", async () => {
  const refuse: Gate = () => Promise.reject(new TypeError("canary"));
  const { store, log, clock } = setUp(new MemoryKv().connect({ gate: refuse }));
  const kept = { mapping: SMALL, readAt: NOW };
  assert.deepEqual(await store.read("1"), { version: UNKNOWN_VERSION });
  clock.advance(KV_PAUSE_MS);
  assert.deepEqual(await store.write("1", kept, null), { kind: "skipped" });
  assert.deepEqual(await store.invalidations.invalidate("1"), {
    kind: "failed",
  });
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
  const first = store.read("1");
  await turn();
  clock.advance(KV_TIMEOUT_MS - 1);
  await turn();
  assert.equal(log.length, 0);
  clock.advance(1);
  assert.deepEqual(await first, { version: UNKNOWN_VERSION });
  assert.equal(log[0]?.error, "TimeoutError");

  isSilent = false;
  calls = 0;
  assert.deepEqual(await store.read("2"), { version: UNKNOWN_VERSION });
  await store.write("2", { mapping: SMALL, readAt: NOW }, null);
  assert.equal(calls, 0);
  clock.advance(KV_PAUSE_MS);
  assert.deepEqual(await store.read("2"), { version: null });
});

Deno.test("KvStore leaves KV alone for a while after it did not take a small mapping", async () => {
  const gate: Gate = (call) =>
    call === "commit >" ? new Promise(() => {}) : Promise.resolve();
  const { store, clock } = setUp(new MemoryKv().connect({ gate }));
  const writing = store.write("1", { mapping: SMALL, readAt: NOW }, null);
  await turn();
  clock.advance(KV_TIMEOUT_MS);
  assert.deepEqual(await writing, { kind: "skipped" });
  assert.deepEqual(await store.read("2"), { version: UNKNOWN_VERSION });
});

Deno.test("KvStore does not leave KV alone after one large mapping was late", async (t) => {
  for (const late of ["commit >", "getMany >"]) {
    await t.step(late, async () => {
      const kv = new MemoryKv();
      const large = { mapping: mappingOfSize(130_000), readAt: NOW };
      await setUp(kv.connect()).store.write("1", large, null);
      const gate: Gate = (call) =>
        call === late ? new Promise(() => {}) : Promise.resolve();
      const { store, log, clock } = setUp(kv.connect({ gate }));
      const call = late === "commit >"
        ? store.write("1", large, null)
        : store.read("1");
      await turn();
      clock.advance(KV_TIMEOUT_MS);
      await call;
      assert.equal(log[0]?.error, "TimeoutError");
      assert.match(
        log[0]!.message,
        late === "commit >"
          ? /^Cannot write to Deno/
          : /^Cannot read from Deno/,
      );
      // Of another organization, within the pause.
      assert.deepEqual(await store.read("2"), { version: null });
    });
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
  assert.deepEqual(await store.invalidations.invalidate("1"), {
    kind: "failed",
  });
  clock.advance(KV_PAUSE_MS);
  assert.deepEqual(await store.read("1"), { version: UNKNOWN_VERSION });
  const other = setUp(kv.connect()).store;
  assert.ok((await other.read("1")).found);

  isDown = false;
  clock.advance(KV_PAUSE_MS);
  const { version, found } = await store.read("1");
  assert.equal(typeof version, "string");
  assert.equal(found, undefined);
  assert.equal((await other.read("1")).found, undefined);
});

Deno.test("read() does not decode the mapping of a version that is known", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  const dated = { mapping: SMALL, readAt: NOW };
  const version = await written(store, dated, null);
  assert.deepEqual(await store.read("1", version), { version });
  assert.ok((await store.read("1", null)).found);
});

Deno.test("read() does not mix the chunks of two writes", async () => {
  using kv = await Deno.openKv(":memory:");
  const { store } = setUp(kv);
  const ofLetter = (letter: string) =>
    mappingOf(Object.fromEntries(
      Array.from(
        { length: 40 },
        (_, i) => [`role-${i}`, [letter.repeat(3_000)]],
      ),
    ));
  await store.write("1", { mapping: ofLetter("a"), readAt: NOW }, null);
  let isWritten = false;
  const racing = new Proxy(kv, {
    get(target, name) {
      if (name !== "get") return Reflect.get(target, name).bind(target);
      return async (key: Deno.KvKey) => {
        const entry = await target.get(key);
        await written(
          store,
          { mapping: ofLetter("b"), readAt: NOW },
          entry.versionstamp,
        );
        isWritten = true;
        return entry;
      };
    },
  });
  assert.equal((await setUp(racing).store.read("1")).found, undefined);
  assert.ok(isWritten);
  assert.ok((await store.read("1")).found);
});

Deno.test("KvStore does not take contention for a failure", async () => {
  const kv = new MemoryKv();
  const rival = setUp(kv.connect()).store;
  let rivals = 0;
  const gate: Gate = async (call) => {
    if (call !== "commit >") return;
    await rival.invalidations.invalidate(`rival-${rivals++}`);
  };
  const { store, log } = setUp(kv.connect({ gate }));
  assert.deepEqual(await store.invalidations.invalidate("1"), {
    kind: "announced",
  });
  assert.ok(rivals > 1);
  assert.deepEqual(log, []);
  // Not paused either.
  assert.equal(typeof (await store.read("1")).version, "string");
});
