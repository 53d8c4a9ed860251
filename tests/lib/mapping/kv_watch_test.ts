import assert from "node:assert/strict";
import { Connection, MemoryKv } from "../_memory_kv.ts";
import { countListeners } from "../util/_listeners.ts";
import { Clock, KV_PAUSE_MS, storeOver, turn } from "./_isolate.ts";

/** How often an announcement competes before it is made as a gap. */
const MAX_ATTEMPTS = 8;

/** Stores of isolates over one database, by one clock. */
class Stores {
  readonly clock = new Clock();
  readonly kv = new MemoryKv(this.clock.now);

  /** An isolate's store, and what its watch told it since it was last asked. */
  async connect(ended = new AbortController()) {
    const connection = new Connection(this.kv);
    const { store, log } = storeOver(connection.kv, this.clock);
    const told: string[] = [];
    const watching = store.watch(
      (organization = "all") => void told.push(organization),
      ended.signal,
    );
    await turn();
    const news = async () => {
      await turn();
      return told.splice(0);
    };
    const end = async () => {
      ended.abort();
      await watching;
    };
    return { store, connection, log, news, end };
  }

  /** Two isolates that have seen one announcement. */
  async pair() {
    const [own, other] = [await this.connect(), await this.connect()];
    await other.store.invalidate("first", undefined);
    await own.news();
    await other.news();
    return { ...own, other: other.store, othersNews: other.news };
  }

  async passPause(): Promise<void> {
    await turn();
    this.clock.advance(KV_PAUSE_MS);
    await turn();
  }
}

Deno.test("watch() tells of what other isolates announce, and not of this one's", async () => {
  const stores = new Stores();
  const { store, connection, news } = await stores.connect();
  const { store: other } = await stores.connect();
  assert.deepEqual(await news(), ["all"], "nothing was seen before");
  await other.invalidate("0", undefined);
  assert.deepEqual(await news(), ["all"], "the key is new");
  const release = connection.hold("watch <");
  await store.invalidate("own", undefined);
  release();
  assert.deepEqual(await news(), []);
  for (const organization of ["1", "2"]) {
    await other.invalidate(organization, undefined);
    assert.deepEqual(await news(), [organization]);
  }
});

Deno.test("invalidate() tells of another isolate's announcement that it replaced unseen", async () => {
  const { store, connection, other, news } = await new Stores().pair();
  const release = connection.hold("watch <");
  await other.invalidate("shown", undefined);
  await turn();
  await other.invalidate("replaced", undefined);
  await store.invalidate("own", undefined);
  assert.deepEqual(await news(), ["all"]);
  release();
  // Late, and not after what was seen.
  assert.deepEqual(await news(), ["all"]);
});

Deno.test("invalidate() makes a gap, for itself too, if it cannot get its turn", async () => {
  const stores = new Stores();
  const { other: rival, othersNews } = await stores.pair();
  let rivals = 0;
  const kv = stores.kv.connect({
    gate: async (call) => {
      if (call !== "commit >") return;
      rivals++;
      await rival.invalidate("rival", undefined);
    },
  });
  const { store, log } = storeOver(kv, stores.clock);
  const ownNews: string[] = [];
  void store.watch(
    (organization = "all") => void ownNews.push(organization),
    new AbortController().signal,
  );
  await turn();
  ownNews.length = 0;
  const event = { sequence: 1, arrivedAt: stores.clock.now() };
  assert.equal(await store.invalidate("1", event), true);
  assert.equal(rivals, MAX_ATTEMPTS);
  assert.ok((await othersNews()).includes("all"));
  assert.ok(ownNews.splice(0).includes("all"));
  // Contention is no failure: KV is not left alone.
  assert.deepEqual(log, []);
  assert.deepEqual((await store.read("1"))?.event, event);
  await rival.invalidate("next", undefined);
  await turn();
  assert.deepEqual(ownNews, ["next"]);
});

Deno.test("watch() that breaks is a gap, and begins again after a pause", async () => {
  const stores = new Stores();
  const { other, news, log } = await stores.pair();
  stores.kv.breakWatches();
  assert.deepEqual(await news(), ["all"]);
  await stores.passPause();
  assert.deepEqual(await news(), []);
  await other.invalidate("next", undefined);
  assert.deepEqual(await news(), ["all"]);
  await other.invalidate("next but one", undefined);
  assert.deepEqual(await news(), ["next but one"]);
  assert.deepEqual(log.map(({ cause }) => cause), ["connection lost"]);

  stores.kv.breakWatches();
  await news();
  await other.invalidate("1", undefined);
  await stores.passPause();
  assert.deepEqual(await news(), ["all"], "announced meanwhile");
});

Deno.test("watch() that is refused again and again says so once, and marks nothing more", async () => {
  let isRefused = true;
  let attempts = 0;
  const kv = new MemoryKv().connect({
    gate: (call) => {
      if (call !== "watch >" || !isRefused) return Promise.resolve();
      attempts++;
      return Promise.reject(new TypeError());
    },
  });
  const clock = new Clock();
  const { store, log } = storeOver(kv, clock);
  const ended = new AbortController();
  const { signal, count } = countListeners(ended);
  const told: string[] = [];
  const watching = store.watch(
    (organization = "all") => void told.push(organization),
    signal,
  );
  for (let broken = 0; broken < 3; broken++) {
    await turn();
    clock.advance(KV_PAUSE_MS - 1);
    await turn();
    clock.advance(1);
  }
  await turn();
  assert.deepEqual(told, []);
  assert.equal(attempts, 4);
  assert.equal(log.length, 1);
  isRefused = false;
  clock.advance(KV_PAUSE_MS);
  await turn();
  assert.deepEqual(told, ["all"]);
  assert.equal(count(), 0, "left a listener behind");
  ended.abort();
  await watching;
});

Deno.test("watch() ends at the shutdown", async () => {
  const stores = new Stores();
  const { end } = await stores.connect();
  assert.equal(stores.kv.watches, 1);
  await end();
  assert.equal(stores.kv.watches, 0);
});
