import assert from "node:assert/strict";
import { createUpstream } from "../../harness/sandbox/upstream.ts";
import {
  createTestFunction,
  login,
  loginPayload,
  NOW,
  ORGANIZATION,
  permissionsIn,
} from "./_function.ts";
import {
  assertRefused,
  createIdleFunction,
  request,
  signed,
} from "./_requests.ts";

const RIGHT = ["read:all", "write:all", "delete:all", "posts:read"];

Deno.test("createHandler() answers /healthz without asking or logging anything", async () => {
  const { handle, log, asked } = await createIdleFunction();
  const at = (method: string) =>
    handle(new Request("http://localhost/healthz?a", { method }));
  const get = await at("GET");
  assert.equal(get.status, 200);
  assert.deepEqual(await get.json(), { status: "ok" });
  assert.equal((await at("HEAD")).status, 200);
  const post = await at("POST");
  assert.equal(post.headers.get("allow"), "GET, HEAD");
  await assertRefused(post, "method_not_allowed");
  assert.deepEqual(asked, []);
  assert.deepEqual(log, []);
});

Deno.test("createHandler() answers a payload of 3.3 MB", async (t) => {
  const payload = loginPayload();
  payload.user_metadata = Array.from({ length: 5 }, (_, i) => ({
    key: `large-${i}`,
    value: "x".repeat(660_000),
  }));
  const text = JSON.stringify(payload);
  await t.step("announced", async () => {
    const { call } = await createTestFunction();
    assert.deepEqual(await permissionsIn(await call(text)), RIGHT);
  });
  await t.step("in chunks", async () => {
    const { handle } = await createTestFunction();
    const { headers } = await signed(text);
    const stream = new Blob([text]).stream();
    const response = await handle(request(stream, Object.fromEntries(headers)));
    assert.deepEqual(await permissionsIn(response), RIGHT);
  });
});

Deno.test("createHandler() answers an unknown function with nothing, and logs it once", async () => {
  const { call, log, asked } = await createIdleFunction();
  const payload = { ...loginPayload(), function: "function/of_tomorrow" };
  const response = await call(payload);
  assert.equal(response.status, 200);
  assert.equal(await response.text(), "{}");
  assert.deepEqual(asked, []);
  assert.deepEqual(
    log.map(({ condition, outcome }) => ({ condition, outcome })),
    [{ condition: "function/of_tomorrow", outcome: "unknown_function" }],
  );
});

Deno.test("createHandler() answers with nothing and asks nothing when the user has no roles", async (t) => {
  const grant = loginPayload().user_grants[0];
  const cases = {
    "no grants": undefined,
    "an empty list": [],
    "no active grant": [{ ...grant, state: 2 }],
    "no grant with a role": [{ ...grant, roles: undefined }],
  };
  for (const [name, user_grants] of Object.entries(cases)) {
    await t.step(name, async () => {
      const { call, log, asked } = await createIdleFunction();
      const response = await call({ ...loginPayload(), user_grants });
      assert.equal(await response.text(), "{}");
      assert.deepEqual(asked, []);
      assert.equal(log[0]?.outcome, "no_roles");
    });
  }
});

Deno.test("createHandler() logs one line for each call, in counts", async () => {
  let now = NOW;
  const { call, log } = await createTestFunction({
    settings: { AUTHORIZATION_SIGNING_KEY: `first,${login.signing_key}` },
    now: () => now,
  });
  for (const passed of [0, 30_000, 31_000]) {
    now += passed;
    assert.equal((await call(loginPayload())).status, 200);
  }
  const line = (source: string) => ({
    level: "info",
    message: "Answered",
    condition: "function/preaccesstoken",
    outcome: "permissions",
    signingKey: 1,
    organization: ORGANIZATION,
    source,
    roles: 2,
    permissions: 4,
    projects: 1,
    organizations: 1,
    ms: 0,
  });
  assert.deepEqual(
    log.filter(({ message }) => message === "Answered"),
    [line("zitadel"), line("memory"), line("stale")],
  );
});

Deno.test("createHandler() counts nothing for a line that LOG_LEVEL=warn leaves out", async () => {
  const { call, log } = await createTestFunction({
    settings: { LOG_LEVEL: "warn" },
  });
  assert.equal((await call(loginPayload())).status, 200);
  assert.equal((await call(loginPayload(), { key: "wrong" })).status, 401);
  // The test's log takes every level; main.ts limits it.
  assert.deepEqual(
    log.map(({ level, outcome, roles }) => ({ level, outcome, roles })),
    [
      { level: "info", outcome: "permissions", roles: undefined },
      { level: "warn", outcome: "invalid_signature", roles: undefined },
    ],
  );
});

Deno.test("createHandler() takes each of several signing keys, and logs which", async () => {
  const { call, log } = await createTestFunction({
    settings: { AUTHORIZATION_SIGNING_KEY: "old,new" },
  });
  for (const key of ["new", "old"]) {
    assert.equal((await call(loginPayload(), { key })).status, 200);
  }
  const refused = await call(loginPayload(), { key: "other" });
  await assertRefused(refused, "invalid_signature");
  assert.deepEqual(
    log.filter(({ ms }) => ms !== undefined)
      .map(({ signingKey }) => signingKey),
    [1, 0, undefined],
  );
});

Deno.test("createHandler() rejects when a key in the settings cannot be used", async () => {
  const pem = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----";
  await assert.rejects(
    createTestFunction({ settings: { PAYLOAD_PRIVATE_KEY: pem } }),
    (error) =>
      error instanceof TypeError &&
      error.message.includes("PAYLOAD_PRIVATE_KEY") &&
      !error.message.includes("canary"),
  );
});

Deno.test("createHandler() calls a bug a bug, with its place and without its text", async () => {
  const { handle, log } = await createIdleFunction();
  const broken = request("{}");
  Object.defineProperty(broken, "headers", {
    get() {
      throw new RangeError("canary");
    },
  });
  await assertRefused(await handle(broken), "internal_error");
  const [entry] = log;
  assert.equal(entry?.level, "error");
  assert.equal(entry?.cause, "RangeError");
  assert.match(String(entry?.stack), /^ +at .*handler_test\.ts/);
  assert.ok(!JSON.stringify(log).includes("canary"));
});

Deno.test("createHandler() asks for each organization once when many calls come at once", async () => {
  const upstream = createUpstream(login);
  const { call } = await createTestFunction({ fetch: upstream.fetch });
  const replies = await Promise.all(
    Array.from({ length: 20 }, () => call(loginPayload())),
  );
  for (const reply of replies) {
    assert.deepEqual(await permissionsIn(reply), RIGHT);
  }
  assert.equal(upstream.requests, 1);
});
