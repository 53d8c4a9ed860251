import assert from "node:assert/strict";
import {
  FIXTURES_URL,
  readFixture,
  type Reply,
} from "../../../harness/fixtures/fixture.ts";
import { replayLocally, summarize } from "../../../harness/replay/replay.ts";

const read = (name: string) =>
  readFixture(new URL(`${name}.json`, FIXTURES_URL));
const login = await read("calls/human_login");

const claims = (
  ...append_claims: { key: string; value: string[] }[]
): Reply => ({
  status: 200,
  body: { append_claims },
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
