/**
 * Every fault of the upstream, by every state of the cache, by every state of
 * KV: what is answered, what is logged, and that the next good request works.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { pageNotFound, refusal } from "../../harness/sandbox/api.ts";
import { createUpstream } from "../../harness/sandbox/upstream.ts";
import type { FailureReason } from "../../lib/errors.ts";
import type { LogEntry } from "../../lib/observability/log.ts";
import { testEach } from "../_test_each.ts";
import { createTestFunction, loginPayload, ORGANIZATION } from "./_function.ts";
import { Connection, MemoryKv } from "./_memory_kv.ts";
import { silentFetch } from "./_silent_fetch.ts";
import { KV_TIMEOUT_MS, turn } from "./mapping/_isolate.ts";

/** How old the mapping is when the fault comes; `none` if there is none. */
const CACHE_AGES_MS = {
  none: undefined,
  fresh: 59_000,
  stale: 659_000,
  expired: 660_000,
} as const;

const KV_STATES = ["good", "silent", "refuses"] as const;

type CacheState = keyof typeof CACHE_AGES_MS;
type KvState = typeof KV_STATES[number];

/** How long a refused token is not tried again, and a failed revalidation. */
const PAUSE_MS = 5_000;

const UPSTREAM_TIMEOUT_MS = 2_000;

/** What is waited for in real time, in place of what never answers. */
const SHORT_MS = 20;

const EXPECTED_REPLY =
  '{"append_claims":[{"key":"permissions","value":["posts:read"]}]}';

function zitadel(metadata: () => Record<string, string>, readable = true) {
  const organization = {
    readable,
    get metadata() {
      return metadata();
    },
  };
  const organizations = { [ORGANIZATION]: organization };
  return createUpstream({ organizations }).fetch;
}

const entries = (...roles: (string | number)[]) =>
  Object.fromEntries(roles.map((role) => [role, btoa('["posts:read"]')]));
const good = zitadel(() => entries("viewer"));
const answers = (respond: () => Response): typeof fetch => () =>
  Promise.resolve(respond());
const GRPC_WEB = { "content-type": "application/grpc-web+proto" };
let size = 1_001;

/** All faults of ZITADEL, and the reason that is logged of each; `timeout` is answered with 504. */
const FAULTS: Record<string, [FailureReason, typeof fetch]> = {
  "refused": ["unreachable", () => Promise.reject(new TypeError("refused"))],
  "slow body": ["timeout", (...args) => {
    const body = new ReadableStream({
      start: (it) => void silentFetch()(...args).catch((e) => it.error(e)),
    });
    return Promise.resolve(new Response(body, { headers: GRPC_WEB }));
  }],
  "a bad token": [
    "credential_rejected",
    answers(() => refusal(Code.Unauthenticated, "Invalid (AUTH-7fs1e)")),
  ],
  "403": ["intercepted", answers(() => new Response(null, { status: 403 }))],
  "404 of another server": ["intercepted", answers(pageNotFound)],
  "an unknown instance": [
    "unknown_instance",
    answers(() => refusal(Code.NotFound, "Message=Instance not found.")),
  ],
  "429": ["rate_limited", answers(() => new Response(null, { status: 429 }))],
  "503": ["unreachable", answers(() => new Response("", { status: 503 }))],
  "truncated frame": [
    "unreadable_answer",
    answers(() =>
      new Response(Uint8Array.of(0, 0, 0, 1), { headers: GRPC_WEB })
    ),
  ],
  "no permission": ["missing_permission", zitadel(() => ({}), false)],
  "pages that change while being read": [
    "unstable_listing",
    zitadel(() => entries(...Array(size++).keys())),
  ],
};

async function runCase(
  [reason, faulty]: [FailureReason, typeof fetch],
  cacheState: CacheState,
  kvState: KvState,
): Promise<void> {
  let time = Date.parse("2026-11-24T00:00:00Z");
  let isFaulty = false;
  const connection = new Connection(new MemoryKv());
  connection.state = kvState;
  const isSlow = reason === "timeout";
  const background = new AbortController();
  using _end = { [Symbol.dispose]: () => background.abort() };
  const { call, log } = await createTestFunction({
    fetch: (...args) => (isFaulty ? faulty : good)(...args),
    now: () => time,
    kv: connection.kv,
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
  const right = { status: 200, text: EXPECTED_REPLY };
  const isFault = (entry: LogEntry) => entry.reason === reason;

  const age = CACHE_AGES_MS[cacheState];
  if (age !== undefined) {
    assert.deepEqual(await answer(), right);
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
    assert.deepEqual(await answer(), right);
    if (cacheState === "stale") await logged(isFault);
    else assert.ok(!log.some(({ level }) => level === "error"), "asked");
  }
  if (kvState !== "good" && cacheState !== "fresh") {
    await logged(({ reason }) => reason === "kv_failed");
  }

  isFaulty = false;
  time += PAUSE_MS;
  assert.deepEqual(
    await answer(),
    right,
    "the next good request does not work",
  );
}

testEach(
  "createHandler() answers every fault as it should, and recovers",
  FAULTS,
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
