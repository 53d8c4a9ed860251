import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
} from "../../harness/sandbox/upstream.ts";
import { type ErrorCode, STATUS } from "../../lib/errors.ts";
import { grpcWebError, silentFetch } from "./_frames.ts";
import {
  createTestFunction,
  login,
  loginPayload,
  NOW,
  ORGANIZATION,
  permissionsIn,
} from "./_function.ts";

const GRPC_WEB = { "content-type": "application/grpc-web+proto" };

interface Failure {
  /** What ZITADEL, or what stands in its place, does. */
  readonly fetch: typeof fetch;
  readonly settings?: Record<string, string>;
  readonly code: ErrorCode;
  readonly reason: string;
  /** What the log must say to do. */
  readonly remedy: RegExp;
}

const answer = (make: () => Response): typeof fetch => () =>
  Promise.resolve(make());

const FAILURES: Record<string, Failure> = {
  "a missing permission": {
    fetch: createUpstream({
      organizations: { [ORGANIZATION]: { readable: false, metadata: {} } },
    }).fetch,
    code: "upstream_failed",
    reason: "missing_permission",
    remedy: new RegExp(`organization ${ORGANIZATION} .*ORG_OWNER_VIEWER`),
  },
  "an unknown organization": {
    fetch: createUpstream({ organizations: {} }).fetch,
    code: "upstream_failed",
    reason: "missing_permission",
    remedy: /ORG_OWNER_VIEWER/,
  },
  "a bad token": {
    fetch: createUpstream(login).fetch,
    settings: { ACCESS_TOKEN: "another" },
    code: "upstream_failed",
    reason: "credential_rejected",
    remedy: /new credential .*expired, revoked/,
  },
  "an upstream that is down": {
    fetch: () => Promise.reject(new TypeError("error sending request: canary")),
    code: "upstream_failed",
    reason: "unreachable",
    remedy: /ZITADEL_DOMAIN/,
  },
  "an upstream that never answers": {
    fetch: silentFetch(),
    settings: { UPSTREAM_TIMEOUT_MS: "20" },
    code: "upstream_timeout",
    reason: "timeout",
    remedy: /UPSTREAM_TIMEOUT_MS/,
  },
  "an upstream that never ends its answer": {
    fetch: (_, init) => {
      const body = new ReadableStream({
        start(controller) {
          init?.signal?.addEventListener(
            "abort",
            () => controller.error(init.signal?.reason),
          );
        },
      });
      return Promise.resolve(new Response(body, { headers: GRPC_WEB }));
    },
    settings: { UPSTREAM_TIMEOUT_MS: "20" },
    code: "upstream_timeout",
    reason: "timeout",
    remedy: /UPSTREAM_TIMEOUT_MS/,
  },
  "a limit of requests, told by a proxy": {
    fetch: answer(() => new Response("slow down", { status: 429 })),
    code: "upstream_failed",
    reason: "rate_limited",
    remedy: /CACHE_FRESH_SECONDS/,
  },
  "a limit of requests, told by ZITADEL": {
    fetch: answer(() => grpcWebError(Code.ResourceExhausted, "quota")),
    code: "upstream_failed",
    reason: "rate_limited",
    remedy: /CACHE_FRESH_SECONDS/,
  },
  "an upstream that is not ready": {
    fetch: answer(() => new Response("starting", { status: 503 })),
    code: "upstream_failed",
    reason: "unreachable",
    remedy: /ZITADEL runs/,
  },
  "a redirect": {
    fetch: answer(() =>
      new Response(null, { status: 302, headers: { location: "/ui" } })
    ),
    code: "upstream_failed",
    reason: "intercepted",
    remedy: /gRPC-web POSTs/,
  },
  "a page": {
    fetch: answer(() =>
      new Response("<html>canary</html>", {
        headers: { "content-type": "text/html" },
      })
    ),
    code: "upstream_failed",
    reason: "intercepted",
    remedy: /gRPC-web POSTs/,
  },
  "a truncated frame": {
    fetch: answer(() =>
      new Response(Uint8Array.of(0, 0, 0, 1, 0, 0x0a, 0x05), {
        headers: GRPC_WEB,
      })
    ),
    code: "upstream_failed",
    reason: "unreadable_answer",
    remedy: /proxy/,
  },
  "an empty answer": {
    fetch: answer(() => new Response(null, { headers: GRPC_WEB })),
    code: "upstream_failed",
    reason: "unreadable_answer",
    remedy: /ZITADEL_DOMAIN/,
  },
  "another server": {
    fetch: answer(() => new Response("not found", { status: 404 })),
    code: "upstream_failed",
    reason: "intercepted",
    remedy: /gRPC-web POSTs/,
  },
};

Deno.test("createHandler() fails loudly when the mapping cannot be had", async (t) => {
  for (
    const [name, { fetch, settings = {}, code, reason, remedy }] of Object
      .entries(FAILURES)
  ) {
    await t.step(name, async () => {
      const { call, log } = await createTestFunction({ fetch, settings });
      const begin = performance.now();
      const response = await call(loginPayload());
      const ms = performance.now() - begin;
      assert.ok(ms < 1_500, `${ms} ms`);
      assert.equal(response.status, STATUS[code]);
      assert.equal(await response.text(), `{"error":"${code}"}`);
      assert.equal(log.length, 1);
      const [entry] = log;
      assert.equal(entry?.level, "error");
      assert.equal(entry?.reason, reason);
      assert.match(String(entry?.remedy), remedy);
      assert.equal(entry?.organization, ORGANIZATION);
      assert.ok(
        entry?.message.startsWith(
          `Cannot read the metadata of organization ${ORGANIZATION}: `,
        ),
        entry?.message,
      );
      assert.ok(!JSON.stringify(log).includes("canary"), JSON.stringify(log));
    });
  }
});

Deno.test("createHandler() names the instance when it is the instance that fails", async () => {
  const { call, log } = await createTestFunction({
    fetch: () => Promise.reject(new TypeError("refused")),
  });
  await call(loginPayload());
  assert.ok(log[0]?.message.includes(UPSTREAM_ORIGIN));
});

Deno.test("createHandler() names the credential that ZITADEL refuses", async () => {
  const { call, log } = await createTestFunction({
    settings: { ACCESS_TOKEN: "another" },
  });
  await call(loginPayload());
  assert.match(log[0]!.message, /refused the service user's ACCESS_TOKEN$/);
});

Deno.test("createHandler() asks again at the next call when the last one failed", async () => {
  const upstream = createUpstream(login);
  let isDown = true;
  const { call } = await createTestFunction({
    fetch: (input, init) =>
      isDown
        ? Promise.reject(new TypeError("refused"))
        : upstream.fetch(input, init),
  });
  assert.equal((await call(loginPayload())).status, 502);
  isDown = false;
  assert.equal((await call(loginPayload())).status, 200);
});

Deno.test("createHandler() serves the old mapping while ZITADEL is down, until it is too old", async () => {
  const upstream = createUpstream(login);
  let isDown = false;
  let now = NOW;
  const { call, log } = await createTestFunction({
    now: () => now,
    fetch: (input, init) =>
      isDown
        ? Promise.reject(new TypeError("refused"))
        : upstream.fetch(input, init),
  });
  const expected = await permissionsIn(await call(loginPayload()));
  isDown = true;
  now += 659_000;
  const stale = await call(loginPayload());
  assert.equal(stale.status, 200);
  assert.deepEqual(await permissionsIn(stale), expected);
  now += 1_000;
  assert.equal((await call(loginPayload())).status, 502);
  assert.ok(
    log.some(({ level, reason }) =>
      level === "error" && reason === "unreachable"
    ),
  );
});

Deno.test("createHandler() answers without the grants of a foreign organization that cannot be read", async () => {
  const grant = loginPayload().user_grants[0];
  const user_grants = [grant, { ...grant, resource_owner: "2" }];
  const { call, log } = await createTestFunction({
    settings: { METADATA_ORGANIZATION: "grant" },
  });
  const response = await call({ ...loginPayload(), user_grants });
  assert.deepEqual(
    await permissionsIn(response),
    await permissionsIn(await call(loginPayload())),
  );
  assert.deepEqual(
    log.filter(({ level }) => level === "warn")
      .map(({ reason, organization, cause }) => [reason, organization, cause]),
    [["foreign_grants", "2", "missing_permission"]],
  );
});
