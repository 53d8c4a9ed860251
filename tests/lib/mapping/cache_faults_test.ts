import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "../../../harness/sandbox/upstream.ts";
import { readConfig } from "../../../lib/config/settings.ts";
import { createFunction } from "../../../harness/function/create_function.ts";
import type { LogEntry } from "../../../lib/observability/log.ts";
import { signPayload } from "../../../harness/util/sign_payload.ts";
import {
  Clock,
  FRESH_MS,
  KV_PAUSE_MS,
  REVALIDATE_RETRY_MS,
  STALE_MS,
} from "./_isolate.ts";
import { grpcWebError } from "../_frames.ts";
import { type Gate, MemoryKv } from "../_memory_kv.ts";

/** How long a refused token is not tried again. */
const PAUSE_MS = 5_000;

const SIGNING_KEY = "pBw3ACvIx67a0efv3hAmzjGbLaI3UyA5fEYp";

/** Short, since a slow ZITADEL is waited for in real time. */
const UPSTREAM_TIMEOUT_MS = 150;

type Fetch = typeof fetch;

/** What ZITADEL can do instead of answering, and what comes of it if no mapping is kept. */
const FAULTS: Record<
  string,
  { fetch: Fetch; status: 502 | 504; reason: string }
> = {
  down: {
    fetch: () => Promise.reject(new TypeError("error sending request")),
    status: 502,
    reason: "unreachable",
  },
  slow: {
    fetch: (_input, init) =>
      new Promise((_, reject) => {
        const { signal } = init!;
        signal!.addEventListener("abort", () => reject(signal!.reason));
      }),
    status: 504,
    reason: "timeout",
  },
  "refusing the credential": {
    fetch: () =>
      Promise.resolve(
        grpcWebError(Code.Unauthenticated, "Errors.Token.Invalid (AUTH-7fs1e)"),
      ),
    status: 502,
    reason: "credential_rejected",
  },
  "behind a page of status 401": {
    fetch: () => Promise.resolve(new Response("oops", { status: 401 })),
    status: 502,
    reason: "intercepted",
  },
  "behind a proxy's status 503": {
    fetch: () => Promise.resolve(new Response("oops", { status: 503 })),
    status: 502,
    reason: "unreachable",
  },
  garbage: {
    fetch: () =>
      Promise.resolve(
        new Response("garbage", {
          headers: { "content-type": "application/grpc-web+proto" },
        }),
      ),
    status: 502,
    reason: "unreadable_answer",
  },
  "empty without permission": {
    fetch: createUpstream({
      organizations: { "1": { readable: false, metadata: {} } },
    }).fetch,
    status: 502,
    reason: "missing_permission",
  },
};

/** What KV can do. */
const KV_FAULTS: Record<string, Gate> = {
  good: () => Promise.resolve(),
  refusing: () => Promise.reject(new TypeError()),
};

/** Lets the refresh in the background end; a slow ZITADEL is given up in real time. */
async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns++) {
    assert.ok(turns < 200_000, "it never came to be");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function setUp(kv: Deno.Kv) {
  const clock = new Clock();
  const log: LogEntry[] = [];
  const metadata = { viewer: btoa('["old"]') };
  const good = createUpstream({
    organizations: { "1": { readable: true, metadata } },
  }).fetch;
  const zitadel = { fetch: good };
  const background = new AbortController();
  const config = readConfig({
    ZITADEL_DOMAIN: UPSTREAM_ORIGIN,
    AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
    ACCESS_TOKEN: UPSTREAM_TOKEN,
    CACHE_FRESH_SECONDS: String(FRESH_MS / 1_000),
    CACHE_STALE_SECONDS: String(STALE_MS / 1_000),
    UPSTREAM_TIMEOUT_MS: String(UPSTREAM_TIMEOUT_MS),
  });
  const handle = await createFunction(config, {
    fetch: (input, init) => zitadel.fetch(input, init),
    now: clock.now,
    kv,
    log: (entry) => void log.push(entry),
    shutdown: background.signal,
  });
  const body = new TextEncoder().encode(JSON.stringify({
    function: "function/preaccesstoken",
    org: { id: "1" },
    user_grants: [{
      project_id: "9",
      roles: ["viewer"],
      resource_owner: "1",
      state: 1,
    }],
  }));
  /** Gives the permission, or the error's status and code. */
  const ask = async (): Promise<string> => {
    const seconds = Math.floor(clock.now() / 1_000);
    const signature = await signPayload(SIGNING_KEY, seconds, body);
    const response = await handle(
      new Request("https://function.example/", {
        method: "POST",
        headers: { "zitadel-signature": signature },
        body,
      }),
    );
    const reply = await response.json();
    return reply.append_claims?.[0].value.join() ??
      `${response.status} ${reply.error}`;
  };
  return {
    clock,
    log,
    ask,
    fail: (fetch: Fetch) => void (zitadel.fetch = fetch),
    repair() {
      zitadel.fetch = good;
      metadata.viewer = btoa('["new"]');
    },
    [Symbol.dispose]: () => background.abort(),
  };
}

for (const [name, { fetch, status, reason }] of Object.entries(FAULTS)) {
  for (const [kvName, gate] of Object.entries(KV_FAULTS)) {
    const refusal = status === 504
      ? "504 upstream_timeout"
      : "502 upstream_failed";

    Deno.test(`createHandler() with ZITADEL ${name} and KV ${kvName}`, async (t) => {
      await t.step(
        "refuses if nothing is kept, and then goes on",
        async () => {
          using world = await setUp(new MemoryKv().connect({ gate }));
          world.fail(fetch);
          assert.equal(await world.ask(), refusal);
          const last = world.log.at(-1)!;
          assert.equal(last.reason, reason);
          assert.ok(last.remedy);
          world.repair();
          world.clock.advance(Math.max(KV_PAUSE_MS, PAUSE_MS));
          assert.equal(await world.ask(), "new");
        },
      );

      await t.step(
        "serves the old mapping while it may, refuses then, and goes on",
        async () => {
          using world = await setUp(new MemoryKv().connect({ gate }));
          assert.equal(await world.ask(), "old");
          world.fail(fetch);
          world.clock.advance(FRESH_MS);
          assert.equal(await world.ask(), "old");
          const isLogged = () =>
            world.log.some((entry) =>
              entry.level === "error" && entry.reason === reason
            );
          await until(isLogged);
          world.clock.advance(STALE_MS - 1);
          assert.equal(await world.ask(), "old");
          world.clock.advance(1);
          assert.equal(await world.ask(), refusal);
          world.repair();
          world.clock.advance(PAUSE_MS);
          assert.equal(await world.ask(), "new");
        },
      );

      await t.step(
        "serves the new mapping soon after ZITADEL is back",
        async () => {
          using world = await setUp(new MemoryKv().connect({ gate }));
          await world.ask();
          world.fail(fetch);
          world.clock.advance(FRESH_MS);
          await world.ask();
          await until(() => world.log.some((entry) => entry.level === "error"));
          world.repair();
          world.clock.advance(Math.max(REVALIDATE_RETRY_MS, PAUSE_MS));
          assert.equal(await world.ask(), "old");
          for (let turns = 0; await world.ask() !== "new"; turns++) {
            assert.ok(turns < 10_000);
          }
        },
      );
    });
  }
}
