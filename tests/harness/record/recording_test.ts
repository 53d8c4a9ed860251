import assert from "node:assert/strict";
import { createPseudonymizer } from "../../../harness/record/pseudonyms.ts";
import { replayLocally } from "../../../harness/replay/replay.ts";
import { startRecordedFunction } from "../_recorded_function.ts";

Deno.test("createRecorder() keeps no personal data of a login, and stores the right reply", async () => {
  await using it = await startRecordedFunction();
  const { organization, project, person, application } = it.scratch;
  const secrets = [
    ...[it.settings.AUTHORIZATION_SIGNING_KEY, it.settings.ACCESS_TOKEN],
    ...[organization.id, organization.name, project.id, person.id],
    ...[person.loginName, application.clientId, "alice", "Alice", "Example"],
  ];
  for (const fixture of await it.record(it.settings)) {
    const text = JSON.stringify(fixture);
    for (const secret of secrets) {
      assert.ok(!text.includes(secret), `${secret} is in ${text}`);
    }
    const value = ["read:all", "write:all", "delete:all", "posts:read"];
    assert.deepEqual(fixture.expected, {
      status: 200,
      body: { append_claims: [{ key: "permissions", value }] },
    });
    assert.equal((await replayLocally(fixture)).outcome, "equal");
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
