import assert from "node:assert/strict";
import { createUpstream } from "../../harness/sandbox/upstream.ts";
import { testEach } from "../_test_each.ts";
import {
  createTestFunction,
  login,
  loginPayload,
  NOW,
  ORGANIZATION,
} from "./_function.ts";
import { assertRefused, createIdleFunction } from "./_requests.ts";

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
  assert.deepEqual([...asked, ...log], []);
});

const { user_grants: [grant] } = loginPayload();
const grants = (...user_grants: unknown[]) => ({ user_grants });
const LISTED = { APPLICATIONS: "1,2" };

testEach<[outcome: string, change: object, settings?: Record<string, string>]>(
  "createHandler() answers {} and asks nothing when there is nothing to look up",
  {
    "an unknown function": ["unknown_function", {
      function: "function/of_tomorrow",
    }],
    "absent grants": ["no_roles", { user_grants: undefined }],
    "an empty list": ["no_roles", grants()],
    "no active grant": ["no_roles", grants({ ...grant, state: 2 })],
    "no grant with a role": ["no_roles", grants({ ...grant, roles: null })],
    "an impersonated user": [
      "no_roles",
      { actor: { user_id: "1", actor: null } },
      { IMPERSONATION: "none" },
    ],
    "an unlisted application": ["unlisted_application", {}, LISTED],
    "an unlisted application, without grants": [
      "unlisted_application",
      grants(),
      LISTED,
    ],
  },
  async ([outcome, change, settings]) => {
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
  },
);

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
  const other = { project_id: "7", resource_owner: "9", roles: ["viewer"] };
  const user_grants = [...loginPayload().user_grants, { ...grant, ...other }];
  for (const passed of [0, 30_000, 31_000]) {
    now += passed;
    const { status } = await call({ ...loginPayload(), user_grants });
    assert.equal(status, 200);
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

Deno.test("createHandler() starts no timer for a call that memory answers", async () => {
  const timers: number[] = [];
  const timeout = (ms: number) => {
    timers.push(ms);
    return new AbortController().signal;
  };
  const { call } = await createTestFunction({ timeout });
  await call(loginPayload());
  const waited = timers.splice(0).toSorted();
  assert.deepEqual(waited, [1_000, 10_000, 2_000, 2_000]);
  await call(loginPayload());
  assert.deepEqual(timers, []);
});
