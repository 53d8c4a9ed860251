import assert from "node:assert/strict";
import type { Handler } from "../../../lib/handler.ts";
import { readConfig } from "../../../lib/config/settings.ts";
import type { Reply } from "../../../harness/fixtures/fixture.ts";
import { readAllFixtures } from "../../../harness/fixtures/fixture_files.ts";
import { createFunction } from "../../../harness/function/create_function.ts";
import {
  type DeployedFunction,
  findDeployedFunction,
} from "../../../harness/replay/deployed_function.ts";
import {
  judgeDeployed,
  replayDeployed,
} from "../../../harness/replay/replay_deployed.ts";
import { createRecorder } from "../../../harness/record/recording.ts";
import { setExecution } from "../../../harness/zitadel/execution.ts";
import { login as logIn } from "../../../harness/zitadel/login.ts";
import { createTarget } from "../../../harness/zitadel/target.ts";
import { startScratch } from "../_scratch.ts";
import { serve } from "../_serve.ts";

const stored = await readAllFixtures();
const read = (name: string) =>
  stored.find(({ fixture }) => fixture.name === name)!.fixture;
const login = read("calls/human_login");

const DEFAULTS = {
  PERMISSIONS_CLAIM: "permissions",
  PERMISSIONS_SHAPE: "list",
  ROLES_CLAIM: undefined,
};

const DEPLOYED: DeployedFunction = {
  url: "http://127.0.0.1:1",
  key: "key",
  organization: undefined,
  project: undefined,
  application: undefined,
  settings: DEFAULTS,
};

const claims = (
  ...append_claims: { key: string; value: unknown }[]
): Reply => ({
  status: 200,
  body: { append_claims },
});

Deno.test("judgeDeployed() tells other metadata from a difference", async (t) => {
  const permissions = (value: unknown) => ({ key: "permissions", value });
  const tenant = { key: "tenant", value: ["acme"] };
  const { expected } = login;
  for (
    const [name, actual, outcome] of [
      ["the expected reply", expected, "equal"],
      ["other permissions", claims(permissions(["other"])), "other_metadata"],
      ["no permissions", claims(permissions([])), "other_metadata"],
      ["another shape", claims(permissions("a b")), "differs"],
      ["another claim", claims({ key: "scopes", value: [] }), "differs"],
      ["one claim more", claims(tenant, permissions([])), "differs"],
      ["nothing", { status: 200, body: {} }, "differs"],
      ["not JSON", { status: 200, body: "<html>" }, "differs"],
      ["another status", { status: 201, body: expected.body }, "differs"],
      [
        "an error",
        { status: 500, body: { error: "internal_error" } },
        "differs",
      ],
    ] as const
  ) {
    await t.step(name, () => {
      assert.equal(judgeDeployed(login, actual, DEPLOYED).outcome, outcome);
    });
  }
});

Deno.test("judgeDeployed() names what else may be behind a difference", () => {
  const noteOf = (status: number, organization?: string) =>
    judgeDeployed(login, { status, body: {} }, {
      settings: DEFAULTS,
      organization,
    }).note ?? "";
  assert.match(noteOf(401), /signing key/);
  assert.match(noteOf(502), /with --org/);
  assert.match(noteOf(504, "4711"), /organization 4711/);
});

Deno.test("judgeDeployed() compares the claims of earlier targets by value", () => {
  const chained = read("calls/chained_second_target");
  const { append_claims } = structuredClone(chained.expected.body) as {
    append_claims: { key: string; value: unknown }[];
  };
  append_claims[0]!.value = "another tenant";
  const actual = { status: 200, body: { append_claims } } as Reply;
  assert.equal(judgeDeployed(chained, actual, DEPLOYED).outcome, "differs");
});

Deno.test("replayDeployed() skips what another function cannot know", async () => {
  const notes = [];
  for (
    const name of [
      "calls/payload_type_jwe_ec",
      "calls/payload_type_jwt",
      "organizations/no_permission",
    ]
  ) {
    const { outcome, note } = await replayDeployed(read(name), DEPLOYED);
    assert.equal(outcome, "skipped");
    notes.push(note);
  }
  const other = { ...DEFAULTS, PERMISSIONS_SHAPE: "string" };
  const shaped = { ...DEPLOYED, settings: other };
  notes.push((await replayDeployed(login, shaped)).note);
  assert.deepEqual(notes, [
    "encrypted for another key",
    "signed by another instance",
    "needs a ZITADEL that refuses to answer",
    "needs PERMISSIONS_SHAPE=list",
  ]);
});

Deno.test("replayDeployed() signs nothing but function calls with a real key, and sends them to the address that was named", async () => {
  const sent: (string | null)[][] = [];
  await using server = serve(({ url, headers }) => {
    sent.push([url, headers.get("authorization")]);
    return Response.json({});
  });
  const deployed = { ...DEPLOYED, url: `${server.origin}/hook?a=b` };
  const payload = JSON.parse(login.request.body);
  const event = { event_type: "org.metadata.set", aggregateID: "1" };
  const requests: Partial<typeof login.request>[] = [
    { path: "//127.0.0.1:1/" },
    { path: "/other" },
    { method: "PUT" },
    { body: JSON.stringify({ ...event, sequence: 9e15 }) },
    { body: JSON.stringify({ ...payload, ...event }) },
    { body: JSON.stringify({ function: "function/canary" }) },
    {
      body: JSON.stringify({
        ...payload,
        function: ["function/preaccesstoken"],
      }),
    },
    { body: "eyJhbGciOiJSUzI1NiJ9.e30.AA" },
    { body: "" },
    { body: "[]" },
  ];
  for (const changed of requests) {
    const request = { ...login.request, ...changed };
    const { outcome } = await replayDeployed({ ...login, request }, deployed);
    assert.equal(outcome, "skipped", JSON.stringify(changed).slice(0, 80));
  }
  assert.equal(sent.length, 0);
  const headers = { ...login.request.headers, authorization: "Bearer a" };
  const request = { ...login.request, headers };
  await replayDeployed({ ...login, request }, deployed);
  assert.deepEqual(sent, [[deployed.url, null]]);
});

/** A sandbox, a deployed function with other settings, and what it was sent. */
async function recorded() {
  const stack = new AsyncDisposableStack();
  const { sandbox, instance, scratch } = stack.use(await startScratch());
  const calls: { headers: Headers; body: Uint8Array<ArrayBuffer> }[] = [];
  let handler: Handler;
  const { endpoint: url } = stack.use(serve(async (request) => {
    const { headers } = request;
    const body = await request.bytes();
    calls.push({ headers, body });
    return await handler(
      new Request(request.url, { method: "POST", headers, body }),
    );
  }));
  const { id, signingKey } = await createTarget(instance, {
    name: "ours",
    endpoint: url,
    timeoutSeconds: 10,
    interruptOnError: false,
  });
  await setExecution(instance, {
    condition: "function/preaccesstoken",
    targets: [id],
  });
  const deploy = async (changed: Record<string, string>) => {
    const settings = {
      ZITADEL_DOMAIN: sandbox.origin,
      AUTHORIZATION_SIGNING_KEY: signingKey,
      ACCESS_TOKEN: scratch.reader.token,
      ...changed,
    };
    handler = await createFunction(readConfig(settings), {
      fetch,
      now: Date.now,
      log: () => {},
    });
    return settings;
  };
  const record = async (settings: Record<string, string>) => {
    calls.length = 0;
    await logIn(sandbox.origin, {
      ...scratch.application,
      ...scratch.person,
      scope: "openid",
      loginClientToken: sandbox.loginClientToken,
    });
    const [call] = calls;
    const toFixture = await createRecorder(settings);
    return (await toFixture({ ...call!, time: Date.now() }))!;
  };
  return { stack, url, scratch, deploy, record };
}

Deno.test("replayDeployed() checks a function with its own recordings, in every mode", async (t) => {
  const it = await recorded();
  await using _ = it.stack;
  const { id } = it.scratch.organization;
  const { id: project } = it.scratch.project;
  for (
    const changed of [
      { METADATA_ORGANIZATION: "user" },
      { METADATA_ORGANIZATION: "grant" },
      { METADATA_ORGANIZATION: id },
      { PROJECTS: project },
      { GRANTED_BY: "user" },
      { GRANTED_BY: id },
      { GRANTED_BY: "1" },
      { IMPERSONATION: "none" },
      { APPLICATIONS: it.scratch.application.clientId },
      { APPLICATIONS: "1" },
      { PERMISSIONS_SHAPE: "string", ROLES_CLAIM: "roles" },
      { PERMISSIONS_SHAPE: "by_project" },
      { PERMISSIONS_CLAIM: "scp" },
    ] as Record<string, string>[]
  ) {
    await t.step(JSON.stringify(Object.keys(changed)), async () => {
      const settings = await it.deploy(changed);
      const fixture = await it.record(settings);
      const deployed = await findDeployedFunction(settings, {
        url: it.url,
        organization: undefined,
      });
      const { outcome, actual } = await replayDeployed(fixture, deployed);
      assert.equal(
        outcome,
        "equal",
        JSON.stringify([actual, fixture.expected]),
      );
    });
  }
});

Deno.test("findDeployedFunction() refuses what is no function with that key", async (t) => {
  const it = await recorded();
  await using _ = it.stack;
  const settings = await it.deploy({});
  const find = (url: string, key: string) =>
    findDeployedFunction({ ...settings, AUTHORIZATION_SIGNING_KEY: key }, {
      url,
      organization: undefined,
    });
  const { AUTHORIZATION_SIGNING_KEY: key } = settings;
  const refused: [string, string, string, RegExp | { name: string }][] = [
    ["a wrong key", it.url, "wrong", /does not accept the target's key/],
    ["nothing listens", "http://127.0.0.1:9/", key, /did not answer/],
    ["a wrong path", `${it.url}healthz`, key, /Cannot replay/],
    ["no key", it.url, "", { name: "SettingsError" }],
  ];
  for (const [name, url, key, error] of refused) {
    await t.step(name, () => assert.rejects(find(url, key), error));
  }
  await t.step("the second of two keys", async () => {
    assert.equal((await find(it.url, `other,${key}`)).key, key);
  });
});
