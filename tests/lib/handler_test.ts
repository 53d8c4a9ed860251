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

Deno.test("createHandler() answers {} and asks nothing when there is nothing to look up", async (t) => {
  const { user_grants: [grant] } = loginPayload();
  const tomorrow = "function/of_tomorrow";
  const grants = (...user_grants: unknown[]) => ({ user_grants });
  type Settings = Record<string, string>;
  const cases: Record<string, [outcome: string, object, Settings?]> = {
    "an unknown function": ["unknown_function", { function: tomorrow }],
    "absent grants": ["no_roles", { user_grants: undefined }],
    "an empty list": ["no_roles", grants()],
    "no active grant": ["no_roles", grants({ ...grant, state: 2 })],
    "no grant with a role": ["no_roles", grants({ ...grant, roles: null })],
    "an impersonated user": [
      "no_roles",
      { actor: { user_id: "1", actor: null } },
      { IMPERSONATION: "none" },
    ],
    "an unlisted application": [
      "unlisted_application",
      {},
      { APPLICATIONS: "1,2" },
    ],
    "an unlisted application, without grants": [
      "unlisted_application",
      grants(),
      { APPLICATIONS: "1,2" },
    ],
  };
  for (const [name, [outcome, change, settings]] of Object.entries(cases)) {
    await t.step(name, async () => {
      const { call, log, asked } = await createIdleFunction(settings);
      const payload = { ...loginPayload(), ...change };
      const response = await call(payload);
      assert.equal(response.status, 200);
      assert.equal(await response.text(), "{}");
      assert.deepEqual(asked, []);
      assert.deepEqual(
        log.map(({ level, condition, outcome }) => [level, condition, outcome]),
        [["info", payload.function, outcome]],
      );
    });
  }
});

Deno.test("createHandler() logs one line for each call, in counts", async () => {
  let now = NOW;
  const upstream = createUpstream(login);
  const { call, log } = await createTestFunction({
    settings: { AUTHORIZATION_SIGNING_KEY: `first,${login.signing_key}` },
    now: () => now,
    fetch: (input, init) => {
      now += 120;
      return upstream.fetch(input, init);
    },
  });
  const payload = loginPayload();
  const [grant] = payload.user_grants;
  payload.user_grants.push({
    ...grant,
    project_id: "7",
    resource_owner: "9",
    roles: ["viewer"],
  });
  for (const passed of [0, 30_000, 31_000]) {
    now += passed;
    assert.equal((await call(payload)).status, 200);
  }
  const line = (source: string, ms = 0) => ({
    level: "info",
    message: "Answered",
    condition: "function/preaccesstoken",
    outcome: "permissions",
    signingKey: 1,
    organization: ORGANIZATION,
    source,
    roles: 3,
    permissions: 4,
    projects: 2,
    organizations: 2,
    ms,
  });
  assert.deepEqual(
    log.filter(({ message }) => message === "Answered"),
    [line("zitadel", 120), line("memory"), line("stale")],
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

Deno.test("createHandler() points out a claim over 4 kB once for each organization", async () => {
  const metadata = { admin: btoa("x".repeat(4_200)) };
  const { call, log } = await createTestFunction({
    fetch: createUpstream({
      organizations: {
        "1": { readable: true, metadata },
        "2": { readable: true, metadata },
      },
    }).fetch,
  });
  const payload = loginPayload();
  const pointedOut = () =>
    log.filter(({ reason }) => reason === "long_claim")
      .map(({ organization }) => organization);
  for (const id of ["1", "1", "2", "1", "2"]) {
    payload.org.id = id;
    assert.equal((await call(payload)).status, 200);
  }
  assert.deepEqual(pointedOut(), ["1", "2"]);
  const [line] = log.filter(({ reason }) => reason === "long_claim");
  assert.equal(line?.level, "warn");
  assert.match(String(line?.remedy), /introspection/);
});
