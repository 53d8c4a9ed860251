import assert from "node:assert/strict";
import { explain } from "../../../harness/inspector/explain_token.ts";

const FINDINGS = {
  claim: "filled",
  isOpaque: false,
  audience: [],
  projects: [],
  apps: [],
};
const PAYLOAD = {
  function: "function/preaccesstoken",
  org: { id: "1" },
  user_grants: [{
    project_id: "7",
    resource_owner: "2",
    state: 1,
    roles: ["admin", "viewer", "guest", "broken"],
  }],
};

function entries(values: Record<string, string>) {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: new TextEncoder().encode(value).toBase64(),
  }));
}

const ORGANIZATIONS = [
  {
    id: "1",
    name: "Acme",
    entries: entries({
      admin: '["all"]',
      "7:admin": '["own"]',
      viewer: "a,b",
      broken: '["a", 1]',
    }),
  },
  { id: "2", name: "Globex", entries: entries({ admin: '["granted"]' }) },
];

async function ask(body: unknown, metadataOrganization = "user") {
  const response = await explain(
    new Request("http://localhost/explain", {
      method: "POST",
      body: JSON.stringify(body),
    }),
    { claim: "permissions", projectId: "", metadataOrganization },
  );
  const text = await response.text();
  return {
    status: response.status,
    answer: response.ok ? JSON.parse(text) : text,
  };
}

const question = {
  payload: PAYLOAD,
  organizations: ORGANIZATIONS,
  findings: FINDINGS,
};

Deno.test("explain() explains roles by the function's own look-up", async (t) => {
  await t.step("in the user's organization", async () => {
    const { answer } = await ask(question);
    const { roles, organizations } = answer;
    assert.deepEqual(organizations, ["1"]);
    assert.deepEqual(
      roles.map((
        { key, permissions }: { key?: string; permissions: string[] },
      ) => [
        key,
        permissions,
      ]),
      [
        ["7:admin", ["own"]],
        ["viewer", ["a", "b"]],
        [undefined, []],
        ["broken", []],
      ],
    );
    assert.match(roles[3].why, /not a string/);
    assert.equal(roles[0].grantedBy, "2");
  });
  await t.step("in the grant's", async () => {
    const { answer } = await ask(question, "grant");
    assert.deepEqual(answer.organizations, ["2"]);
    assert.deepEqual(answer.roles[0].permissions, ["granted"]);
  });
  await t.step("in a fixed one, also without roles", async () => {
    const { answer } = await ask({ ...question, payload: undefined }, "2");
    assert.deepEqual(answer.organizations, ["2"]);
  });
  await t.step("in the user's own, without roles", async () => {
    const { answer } = await ask({
      ...question,
      payload: undefined,
      home: "1",
    });
    assert.deepEqual(answer.organizations, ["1"]);
  });
});

Deno.test("explain() diagnoses with the roles it explained", async () => {
  const { answer } = await ask({
    ...question,
    payload: {
      ...PAYLOAD,
      user_grants: [{ ...PAYLOAD.user_grants[0], roles: ["broken"] }],
    },
    findings: { ...FINDINGS, claim: "empty" },
  });
  assert.match(answer.diagnosis.title, /not a string/);
});

Deno.test("explain() refuses what is not a question", async (t) => {
  const bodies: [string, unknown][] = [
    ["nothing", undefined],
    ["no findings", { organizations: [] }],
    ["an unknown payload", { ...question, payload: {} }],
    ["a value that is not base64", {
      ...question,
      organizations: [{
        id: "1",
        name: "x",
        entries: [{ key: "a", value: "é" }],
      }],
    }],
  ];
  for (const [name, body] of bodies) {
    await t.step(name, async () => assert.equal((await ask(body)).status, 400));
  }
});
