import assert from "node:assert/strict";
import { createFixtureFunction } from "../../../harness/fixtures/fixture_function.ts";
import {
  FIXTURES_URL,
  readFixture,
  type Reply,
} from "../../../harness/fixtures/fixture.ts";
import {
  diffReplies,
  judgeDeployed,
  replayDeployed,
  replayLocally,
  summarize,
} from "../../../harness/replay/replay.ts";

const read = (name: string) =>
  readFixture(new URL(`${name}.json`, FIXTURES_URL));
const login = await read("calls/human_login");

const claims = (
  ...append_claims: { key: string; value: string[] }[]
): Reply => ({
  status: 200,
  body: { append_claims },
});

Deno.test("replayLocally() returns equal if the reply is the expected one", async () => {
  const { outcome, actual } = await replayLocally(login);
  assert.equal(outcome, "equal");
  assert.deepEqual(actual, login.expected);
});

Deno.test("replayLocally() returns a difference if the expected reply was edited", async () => {
  const edited = {
    ...login,
    expected: claims({ key: "permissions", value: ["edited"] }),
  };
  const { outcome, actual } = await replayLocally(edited);
  assert.equal(outcome, "differs");
  assert.deepEqual(actual, login.expected);
});

Deno.test("replayLocally() returns a difference if an organization is never asked for", async () => {
  const unread = { readable: true, metadata: {} };
  const { outcome, note } = await replayLocally({
    ...login,
    organizations: { ...login.organizations, "4711": unread },
  });
  assert.equal(outcome, "differs");
  assert.match(note ?? "", /4711/);
});

Deno.test("judgeDeployed() distinguishes other metadata from a difference", async (t) => {
  const permissions = (...value: string[]) => ({ key: "permissions", value });
  const tenant = { key: "tenant", value: ["acme"] };
  const { expected } = login;
  for (
    const [name, actual, outcome] of [
      ["the expected reply", expected, "equal"],
      ["other permissions", claims(permissions("other")), "other_metadata"],
      ["no permissions", claims(permissions()), "other_metadata"],
      ["another claim", claims({ key: "scopes", value: [] }), "differs"],
      ["one claim more", claims(tenant, permissions()), "differs"],
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
      assert.equal(judgeDeployed(login, actual).outcome, outcome);
    });
  }
});

Deno.test("judgeDeployed() notes what else can cause a difference", () => {
  const noteOf = (status: number, error: string) =>
    judgeDeployed(login, { status, body: { error } }).note ?? "";
  assert.match(noteOf(401, "invalid_signature"), /signing key/);
  assert.match(noteOf(502, "upstream_failed"), /METADATA_ORGANIZATION=<id>/);
  assert.match(noteOf(504, "upstream_timeout"), /METADATA_ORGANIZATION=<id>/);
});

Deno.test("judgeDeployed() compares the claims of earlier targets by value", async () => {
  const chained = await read("calls/chained_second_target");
  const { append_claims } = structuredClone(chained.expected.body) as {
    append_claims: { key: string; value: unknown }[];
  };
  append_claims[0]!.value = "another tenant";
  const actual = { status: 200, body: { append_claims } } as Reply;
  assert.equal(judgeDeployed(chained, actual).outcome, "differs");
});

Deno.test("replayDeployed() skips what another function cannot know", async () => {
  const notes = [];
  for (
    const name of [
      "calls/payload_type_jwe_ec",
      "calls/payload_type_jwt",
      "organizations/of_the_grant",
      "organizations/no_permission",
    ]
  ) {
    const { outcome, note } = await replayDeployed(await read(name), {
      url: "http://127.0.0.1:1",
      key: "key",
    });
    assert.equal(outcome, "skipped");
    notes.push(note);
  }
  assert.deepEqual(notes, [
    "encrypted for another key",
    "signed by another instance",
    "needs METADATA_ORGANIZATION as in the fixture",
    "needs a ZITADEL that refuses to answer",
  ]);
});

Deno.test("replayDeployed() signs with the given key", async () => {
  const key = "the-signing-key-of-another-target";
  const { handle } = await createFixtureFunction(
    { ...login, signing_key: key },
    { now: Date.now },
  );
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    handle,
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const { outcome } = await replayDeployed(login, { url, key });
  assert.equal(outcome, "equal");
  const wrong = await replayDeployed(login, { url, key: "wrong" });
  assert.equal(wrong.actual?.status, 401);
});

Deno.test("diffReplies() marks lines that only one of the replies has", () => {
  assert.deepEqual(
    diffReplies({ status: 200, body: "same" }, { status: 401, body: "same" }),
    [
      "  {",
      '-   "status": 200,',
      '+   "status": 401,',
      '    "body": "same"',
      "  }",
    ],
  );
});

Deno.test("summarize() describes a reply in a few words", () => {
  assert.equal(
    summarize(claims({ key: "a", value: ["b", "c"] }, { key: "d", value: [] })),
    "a: b, c; d: (none)",
  );
  assert.equal(summarize({ status: 200, body: {} }), "nothing to add");
  assert.equal(
    summarize({ status: 401, body: { error: "invalid_signature" } }),
    "invalid_signature",
  );
});
