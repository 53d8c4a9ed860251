import assert from "node:assert/strict";
import { readConfig } from "../../../lib/config/settings.ts";
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
import { startRecordedFunction } from "../_recorded_function.ts";
import { serve } from "../_serve.ts";

const stored = await readAllFixtures();
const read = (name: string) =>
  stored.find(({ fixture }) => fixture.name === name)!.fixture;
const login = read("calls/human_login");
const chained = read("calls/chained_second_target");

const DEPLOYED: DeployedFunction = {
  url: "http://127.0.0.1:1",
  key: "key",
  organization: undefined,
  project: undefined,
  application: undefined,
  settings: {
    PERMISSIONS_CLAIM: "permissions",
    PERMISSIONS_SHAPE: "list",
    ROLES_CLAIM: undefined,
  },
};

const permissions = (value: unknown) => ({ key: "permissions", value });
const claims = (...append_claims: { key: string; value: unknown }[]) => ({
  status: 200,
  body: { append_claims },
});

Deno.test("judgeDeployed() tells other metadata from a difference", () => {
  const { expected } = login;
  const tenant = { key: "tenant", value: ["acme"] };
  const error = { error: "internal_error" };
  const cases = {
    equal: [expected],
    other_metadata: [claims(permissions(["other"])), claims(permissions([]))],
    differs: [
      claims(permissions("a b")),
      claims({ key: "scopes", value: [] }),
      claims(tenant, permissions([])),
      { status: 200, body: {} },
      { status: 200, body: "<html>" },
      { status: 201, body: expected.body },
      { status: 500, body: error },
    ],
  };
  for (const [outcome, replies] of Object.entries(cases)) {
    for (const actual of replies) {
      const verdict = judgeDeployed(login, actual, DEPLOYED);
      assert.equal(verdict.outcome, outcome, JSON.stringify(actual));
    }
  }
  // An earlier target's claim is compared by value.
  const text = JSON.stringify(chained.expected);
  const [earlier] = JSON.parse(text).body.append_claims;
  const changed = text.replace(
    JSON.stringify(earlier.value),
    '"another tenant"',
  );
  const { outcome } = judgeDeployed(chained, JSON.parse(changed), DEPLOYED);
  assert.equal(outcome, "differs");
});

Deno.test("judgeDeployed() names what else may be behind a difference", () => {
  const noteOf = (status: number, organization?: string) =>
    judgeDeployed(login, { status, body: {} }, { ...DEPLOYED, organization })
      .note ?? "";
  assert.match(noteOf(401), /signing key/);
  assert.match(noteOf(502), /with --org/);
  assert.match(noteOf(504, "4711"), /organization 4711/);
});

Deno.test("replayDeployed() skips what another function cannot know", async () => {
  const settings = { ...DEPLOYED.settings, PERMISSIONS_SHAPE: "string" };
  const cases = [
    [read("calls/payload_type_jwe_ec"), DEPLOYED, "encrypted for another key"],
    [read("calls/payload_type_jwt"), DEPLOYED, "signed by another instance"],
    [
      read("organizations/no_permission"),
      DEPLOYED,
      "needs a ZITADEL that refuses to answer",
    ],
    [login, { ...DEPLOYED, settings }, "needs PERMISSIONS_SHAPE=list"],
  ] as const;
  for (const [fixture, deployed, note] of cases) {
    const verdict = await replayDeployed(fixture, deployed);
    assert.deepEqual(verdict, { outcome: "skipped", note });
  }
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
    { body: JSON.stringify({ ...payload, function: [payload.function] }) },
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

Deno.test("replayDeployed() checks a function with its own recordings, in every mode", async (t) => {
  await using it = await startRecordedFunction();
  const { organization: { id }, project, application } = it.scratch;
  const modes: Record<string, string>[] = [
    { METADATA_ORGANIZATION: "user" },
    { METADATA_ORGANIZATION: "grant" },
    { METADATA_ORGANIZATION: id },
    { PROJECTS: project.id },
    { GRANTED_BY: "user" },
    { GRANTED_BY: id },
    { GRANTED_BY: "1" },
    { IMPERSONATION: "none" },
    { APPLICATIONS: application.clientId },
    { APPLICATIONS: "1" },
    { PERMISSIONS_SHAPE: "string", ROLES_CLAIM: "roles" },
    { PERMISSIONS_SHAPE: "by_project" },
    { PERMISSIONS_CLAIM: "scp" },
  ];
  for (const mode of modes) {
    await t.step(JSON.stringify(Object.keys(mode)), async () => {
      const settings = { ...it.settings, ...mode };
      const options = { fetch, now: Date.now, log: () => {} };
      it.answerWith(await createFunction(readConfig(settings), options));
      const [fixture] = await it.record(settings);
      const deployed = await findDeployedFunction(settings, it.url);
      const { outcome, actual } = await replayDeployed(fixture!, deployed);
      assert.equal(outcome, "equal", JSON.stringify([actual, fixture]));
    });
  }
});
