/**
 * Every fault of the upstream, by every state of the cache, by every state of
 * KV: what is answered, what is logged, and that the next good request works.
 *
 * @module
 */
import assert from "node:assert/strict";
import { readConfig } from "../../lib/config/settings.ts";
import { createFunction } from "../../harness/function/create_function.ts";
import type { LogEntry } from "../../lib/observability/log.ts";
import { signPayload } from "../../harness/util/sign_payload.ts";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { faultyKv, KV_STATES, type KvState } from "./_kv_faults.ts";
import { REVALIDATE_RETRY_MS } from "./mapping/_isolate.ts";
import {
  FAULT_TIMEOUT_MS,
  FORBIDDEN_ORGANIZATION,
  LONG_ORGANIZATIONS,
  ORGANIZATION,
  OTHER_ORGANIZATION,
  SLOW_TIMEOUT_MS,
  UPSTREAM_FAULTS,
  type UpstreamFault,
} from "./_upstream_faults.ts";

/** How old the mapping is when the fault comes; `none` where there is none. */
const CACHE_AGES_MS = {
  none: undefined,
  fresh: 59_000,
  stale: 659_000,
  expired: 660_000,
} as const;

/** How long a refused token is not tried again. */
const TOKEN_PAUSE_MS = 5_000;

type CacheState = keyof typeof CACHE_AGES_MS;

const SIGNING_KEY = "key-of-the-faulty-target";
const EXPECTED_REPLY =
  '{"append_claims":[{"key":"permissions","value":["posts:read"]}]}';

/** How many cases wait at once; the work of more would delay each other's timeouts. */
const AT_ONCE = 48;

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

async function createCase(fault: UpstreamFault, kvState: KvState) {
  let time = Date.parse("2026-11-24T00:00:00Z");
  let isFaulty = false;
  const entries: LogEntry[] = [];
  let onEntry = () => {};
  const background = new AbortController();
  const kv = await Deno.openKv(":memory:");
  const handle = await createFunction(
    readConfig({
      ZITADEL_DOMAIN: UPSTREAM_ORIGIN,
      AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
      ACCESS_TOKEN: UPSTREAM_TOKEN,
      UPSTREAM_TIMEOUT_MS: String(
        fault.status === 504 ? SLOW_TIMEOUT_MS : FAULT_TIMEOUT_MS,
      ),
    }),
    {
      fetch: (input, init) =>
        isFaulty
          ? fault.fetch(world.fetch, new Request(input, init))
          : world.fetch(input, init),
      now: () => time,
      kv: faultyKv(kv, kvState),
      log: (entry) => {
        entries.push(entry);
        onEntry();
      },
      shutdown: background.signal,
    },
  );
  const body = JSON.stringify({
    function: "function/preaccesstoken",
    org: { id: ORGANIZATION },
    user_grants: [{
      project_id: "1",
      resource_owner: ORGANIZATION,
      state: 1,
      roles: ["viewer"],
    }],
  });

  return {
    entries,
    pass: (ms: number) => void (time += ms),
    setFaulty: (faulty: boolean) => void (isFaulty = faulty),
    async call(): Promise<{ status: number; text: string }> {
      const seconds = Math.floor(time / 1000);
      const signature = await signPayload(SIGNING_KEY, seconds, body);
      const response = await handle(
        new Request("https://function.example/", {
          method: "POST",
          body,
          headers: { "zitadel-signature": signature },
        }),
      );
      return { status: response.status, text: await response.text() };
    },
    /** Waits for a line of the log that comes from the background. */
    async logged(isIt: (entry: LogEntry) => boolean): Promise<void> {
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        onEntry();
      }, FAULT_TIMEOUT_MS);
      while (!entries.some(isIt)) {
        await new Promise<void>((resolve) => onEntry = resolve);
        assert.ok(!isLate, "the reason is not logged");
      }
      clearTimeout(timer);
    },
    close() {
      background.abort();
      kv.close();
    },
  };
}

async function runCase(
  fault: UpstreamFault,
  cacheState: CacheState,
  kvState: KvState,
): Promise<void> {
  const it = await createCase(fault, kvState);
  try {
    const age = CACHE_AGES_MS[cacheState];
    if (age !== undefined) {
      assert.deepEqual(await it.call(), { status: 200, text: EXPECTED_REPLY });
      it.pass(age);
    }
    it.entries.length = 0;
    it.setFaulty(true);
    const answer = await it.call();
    const isFault = ({ reason }: LogEntry) => reason === fault.reason;

    if (cacheState === "none" || cacheState === "expired") {
      const code = fault.status === 504
        ? "upstream_timeout"
        : "upstream_failed";
      assert.deepEqual(answer, {
        status: fault.status,
        text: `{"error":"${code}"}`,
      });
      const line = it.entries.find(isFault);
      assert.equal(line?.level, "error", "the reason is not logged");
      assert.ok(line?.remedy, "no remedy is logged");
      assert.equal(line?.organization, ORGANIZATION);
      assert.match(
        line!.message,
        /^Cannot read the metadata of organization 400930455974579238: /,
      );
    } else {
      assert.deepEqual(answer, { status: 200, text: EXPECTED_REPLY });
      if (cacheState === "stale") await it.logged(isFault);
      else {
        assert.ok(
          !it.entries.some(({ level }) => level === "error"),
          "a fresh mapping was not served from memory alone",
        );
      }
    }
    if (kvState !== "good" && kvState !== "corrupt" && cacheState !== "fresh") {
      await it.logged(({ reason }) => reason === "kv_failed");
    }

    it.setFaulty(false);
    it.pass(Math.max(REVALIDATE_RETRY_MS, TOKEN_PAUSE_MS));
    assert.deepEqual(
      await it.call(),
      { status: 200, text: EXPECTED_REPLY },
      "the next good request does not work",
    );
  } finally {
    it.close();
  }
}

Deno.test("createHandler() answers every fault as it should, and recovers", async (t) => {
  const cases = UPSTREAM_FAULTS.flatMap((fault) =>
    (Object.keys(CACHE_AGES_MS) as CacheState[]).flatMap((cacheState) =>
      KV_STATES.map((kvState) => ({ fault, cacheState, kvState }))
    )
  );
  // The cases wait for timeouts most of the time, and wait together.
  const queue = [...cases];
  const failures = new Map<object, unknown>();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { fault, cacheState, kvState } = next;
      try {
        await runCase(fault, cacheState, kvState);
      } catch (error) {
        failures.set(next, error);
      }
    }
  }));
  for (const fault of UPSTREAM_FAULTS) {
    await t.step(fault.name, () => {
      const failed = cases.filter((it) =>
        it.fault === fault && failures.has(it)
      );
      assert.deepEqual(
        failed.map((it) =>
          `cache ${it.cacheState}, KV ${it.kvState}: ${failures.get(it)}`
        ),
        [],
      );
    });
  }
});
