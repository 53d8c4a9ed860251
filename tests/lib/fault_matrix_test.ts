/**
 * Every fault of the upstream, by every state of the cache, by every state of
 * KV: what is answered, what is logged, and that the next good request works.
 *
 * @module
 */
import assert from "node:assert/strict";
import { createUpstream } from "../../harness/sandbox/upstream.ts";
import type { LogEntry } from "../../lib/observability/log.ts";
import { testEach } from "../_test_each.ts";
import { createTestFunction, loginPayload } from "./_function.ts";
import { Connection, MemoryKv } from "./_memory_kv.ts";
import {
  FORBIDDEN_ORGANIZATION,
  LONG_ORGANIZATIONS,
  ORGANIZATION,
  OTHER_ORGANIZATION,
  UPSTREAM_FAULTS,
} from "./_upstream_faults.ts";
import { KV_TIMEOUT_MS, turn } from "./mapping/_isolate.ts";

/** How old the mapping is when the fault comes; `none` if there is none. */
const CACHE_AGES_MS = {
  none: undefined,
  fresh: 59_000,
  stale: 659_000,
  expired: 660_000,
} as const;

const KV_STATES = ["good", "silent", "refuses", "corrupt"] as const;

type Fault = typeof UPSTREAM_FAULTS[string];
type CacheState = keyof typeof CACHE_AGES_MS;
type KvState = typeof KV_STATES[number];

/** How long a refused token is not tried again, and a failed revalidation. */
const PAUSE_MS = 5_000;

const UPSTREAM_TIMEOUT_MS = 2_000;

/** What is waited for in real time, in place of what never answers. */
const SHORT_MS = 20;

const EXPECTED_REPLY =
  '{"append_claims":[{"key":"permissions","value":["posts:read"]}]}';

const world = createUpstream({
  organizations: {
    [ORGANIZATION]: { readable: true, metadata: mapping(1) },
    [OTHER_ORGANIZATION]: { readable: true, metadata: mapping(1) },
    [FORBIDDEN_ORGANIZATION]: { readable: false, metadata: {} },
    [LONG_ORGANIZATIONS[0]]: { readable: true, metadata: mapping(1_001) },
    [LONG_ORGANIZATIONS[1]]: { readable: true, metadata: mapping(1_002) },
  },
});

function mapping(size: number): Record<string, string> {
  const value = btoa('["posts:read"]');
  return Object.fromEntries(
    Array.from({ length: size }, (_, i) => [i ? `role-${i}` : "viewer", value]),
  );
}

/** What a corrupt database holds: values of other programs, of other versions, and halves of ours. */
const GARBAGE: readonly unknown[] = [
  null,
  "text",
  // Bytes that are no mapping.
  {
    readAt: Date.parse("2026-11-24T00:00:00Z"),
    mapping: new Uint8Array(3),
    event: { sequence: 1e300, arrivedAt: 1e300 },
  },
];

function openKv(state: KvState): Deno.Kv {
  const connection = new Connection(new MemoryKv());
  if (state !== "corrupt") {
    connection.state = state;
    return connection.kv;
  }
  let count = 0;
  const get = (key: Deno.KvKey) => ({
    key,
    value: GARBAGE[count++ % GARBAGE.length],
    versionstamp: "00000000000000010000",
  });
  return {
    ...connection.kv,
    get: (key: Deno.KvKey) => Promise.resolve(get(key)),
    watch: (keys: readonly Deno.KvKey[]) =>
      ReadableStream.from([keys.map(get)]),
  } as never;
}

async function runCase(
  [reason, faultyFetch]: Fault,
  cacheState: CacheState,
  kvState: KvState,
): Promise<void> {
  let time = Date.parse("2026-11-24T00:00:00Z");
  let isFaulty = false;
  const isSlow = reason === "timeout";
  const background = new AbortController();
  using _end = { [Symbol.dispose]: () => background.abort() };
  const { call, log } = await createTestFunction({
    fetch: async (input, init) =>
      isFaulty
        ? await faultyFetch(world.fetch, new Request(input, init))
        : await world.fetch(input, init),
    now: () => time,
    kv: openKv(kvState),
    shutdown: background.signal,
    timeout(ms) {
      const isOver = ms === KV_TIMEOUT_MS
        ? kvState === "silent"
        : ms === UPSTREAM_TIMEOUT_MS && isFaulty && isSlow;
      return isOver
        ? AbortSignal.timeout(SHORT_MS)
        : new AbortController().signal;
    },
  });
  const payload = loginPayload();
  payload.user_grants[0].roles = ["viewer"];
  const answer = async () => {
    const response = await call(payload);
    return { status: response.status, text: await response.text() };
  };
  /** Waits for a line of the log that comes from the background. */
  const logged = async (isIt: (entry: LogEntry) => boolean) => {
    for (let turns = 0; !log.some(isIt); turns++) {
      assert.ok(turns < 200_000, "the reason is not logged");
      await turn();
    }
  };
  const good = { status: 200, text: EXPECTED_REPLY };
  const isFault = (entry: LogEntry) => entry.reason === reason;

  const age = CACHE_AGES_MS[cacheState];
  if (age !== undefined) {
    assert.deepEqual(await answer(), good);
    time += age;
  }
  log.length = 0;
  isFaulty = true;
  if (cacheState === "none" || cacheState === "expired") {
    assert.deepEqual(await answer(), {
      status: isSlow ? 504 : 502,
      text: `{"error":"upstream_${isSlow ? "timeout" : "failed"}"}`,
    });
    const line = log.find(isFault);
    assert.equal(line?.level, "error", "the reason is not logged");
    assert.ok(line?.remedy, "no remedy is logged");
    assert.equal(line?.organization, ORGANIZATION);
    const action = `Cannot read the metadata of organization ${ORGANIZATION}: `;
    assert.ok(line!.message.startsWith(action), line!.message);
  } else {
    assert.deepEqual(await answer(), good);
    if (cacheState === "stale") await logged(isFault);
    else assert.ok(!log.some(({ level }) => level === "error"), "asked");
  }
  if (["silent", "refuses"].includes(kvState) && cacheState !== "fresh") {
    await logged(({ reason }) => reason === "kv_failed");
  }

  isFaulty = false;
  time += PAUSE_MS;
  assert.deepEqual(await answer(), good, "the next good request does not work");
}

testEach(
  "createHandler() answers every fault as it should, and recovers",
  UPSTREAM_FAULTS,
  async (fault) => {
    const states = Object.keys(CACHE_AGES_MS) as CacheState[];
    // The cases wait for timeouts together.
    await Promise.all(
      states.flatMap((cacheState) =>
        KV_STATES.map((kvState) =>
          runCase(fault, cacheState, kvState).catch((error) => {
            throw new Error(`cache ${cacheState}, KV ${kvState}: ${error}`);
          })
        )
      ),
    );
  },
);
