import assert from "node:assert/strict";
import { createRecorder } from "../../../harness/record/recording.ts";
import { createPseudonymizer } from "../../../harness/record/pseudonyms.ts";
import { requestOf } from "../../../harness/fixtures/fixture.ts";
import { createFixtureFunction } from "../../../harness/fixtures/fixture_function.ts";
import { setExecution } from "../../../harness/zitadel/execution.ts";
import { login } from "../../../harness/zitadel/login.ts";
import { createTarget } from "../../../harness/zitadel/target.ts";
import { startScratch } from "../_scratch.ts";
import { serve } from "../_serve.ts";

Deno.test("createRecorder() keeps no personal data of a login, and stores the right reply", async () => {
  await using scene = await startScratch();
  const { sandbox, instance, scratch } = scene;
  const calls: { headers: Headers; body: Uint8Array<ArrayBuffer> }[] = [];
  await using server = serve(async (request) => {
    calls.push({ headers: request.headers, body: await request.bytes() });
    return new Response("{}");
  });
  const { id, signingKey } = await createTarget(instance, {
    name: "ours",
    endpoint: server.endpoint,
    timeoutSeconds: 10,
    interruptOnError: false,
  });
  for (const name of ["preaccesstoken", "preuserinfo"]) {
    await setExecution(instance, {
      condition: `function/${name}`,
      targets: [id],
    });
  }
  await login(sandbox.origin, {
    ...scratch.application,
    ...scratch.person,
    scope: "openid profile email",
    loginClientToken: sandbox.loginClientToken,
  });

  const record = await createRecorder({
    ZITADEL_DOMAIN: sandbox.origin,
    AUTHORIZATION_SIGNING_KEY: signingKey,
    ACCESS_TOKEN: scratch.reader.token,
  });
  assert.equal(calls.length, 2);
  for (const call of calls) {
    const fixture = await record({ ...call, time: Date.now() });
    const text = JSON.stringify(fixture);
    const secrets = [
      signingKey,
      scratch.reader.token,
      scratch.organization.id,
      scratch.organization.name,
      scratch.project.id,
      scratch.person.id,
      scratch.person.loginName,
      scratch.application.clientId,
      "alice",
      "Alice",
      "Example",
    ];
    for (const secret of secrets) {
      assert.ok(!text.includes(secret), `${secret} is in ${text}`);
    }
    assert.deepEqual(fixture!.expected, {
      status: 200,
      body: {
        append_claims: [{
          key: "permissions",
          value: ["read:all", "write:all", "delete:all", "posts:read"],
        }],
      },
    });
    const { handle } = await createFixtureFunction(fixture!);
    const response = await handle(requestOf(fixture!, "http://localhost"));
    assert.equal(response.status, 200);
    const again = await record({ ...call, time: Date.parse(fixture!.clock) });
    assert.deepEqual(again, fixture);
  }
});

Deno.test("createPseudonymizer() replaces equal texts by equal pseudonyms and keeps the shape", () => {
  const pseudonymize = createPseudonymizer("secret");
  const payload = {
    function: "function/preaccesstoken",
    user: {
      id: "400930456276634662",
      email: "alice@acme.example",
      "urn:zitadel:iam:org:project:400930456276634662:roles": {
        admin: { "400930456276634662": "acme.example" },
      },
    },
    user_metadata: [{ key: "plan", value: "Z29sZA==" }],
    user_grants: [{ roles: ["admin"], state: 1, added_by_a_release: "Alice" }],
    created_at: "2026-11-24T05:59:39.900Z",
    yes: true,
    none: null,
  };
  const once = pseudonymize(payload);
  assert.deepEqual(once, pseudonymize(payload));
  assert.notDeepEqual(once, createPseudonymizer("other")(payload));
  const text = JSON.stringify(once);
  assert.ok(!/alice|acme|400930456276634662|Z29sZA/i.test(text), text);
  assert.equal(once.function, payload.function);
  assert.deepEqual(once.user_grants[0]!.roles, ["admin"]);
  assert.equal(once.user_grants[0]!.state, 1);
  assert.match(once.user.id, /^[1-9][0-9]{17}$/);
  assert.match(once.user.email, /^email-[0-9a-f]{8}@example\.com$/);
  assert.ok(text.includes(`project:${once.user.id}:roles`));
});

Deno.test("createPseudonymizer() keeps no number, boolean or field name that may be about a person", () => {
  const pseudonymize = createPseudonymizer("secret");
  const once = pseudonymize({
    user_metadata: [
      { key: "alice@acme.com", value: "" },
      { key: "of alice", value: 4711 },
    ],
    response: {
      append_claims: [
        { key: "employee", value: 4711 },
        { key: "alice@acme.com", value: true },
        { key: "shape", value: { alice: [4711], "alice@acme.com": true } },
      ],
    },
    userinfo: {
      birthdate: 19700101,
      "urn:zitadel:iam:org:domain:primary:acme.com": true,
      "urn:zitadel:iam:user:metadata": { alice: "" },
      "urn:zitadel:iam:org:project:roles": { editor: {}, "alice@acme.com": {} },
    },
    user_grants: [{ roles: ["alice@acme.com"], state: 2 }],
    sequence: 7,
  });
  const text = JSON.stringify(once);
  assert.ok(!/alice|acme|4711|19700101|true/.test(text), text);
  assert.equal(once.user_grants[0]!.state, 2);
  assert.equal(once.sequence, 7);
  assert.equal(once.response.append_claims[0]!.key, "employee");
  const [editor, role] = Object.keys(
    once.userinfo["urn:zitadel:iam:org:project:roles"],
  );
  assert.equal(editor, "editor");
  assert.deepEqual(once.user_grants[0]!.roles, [role]);
});
