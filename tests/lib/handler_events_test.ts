import assert from "node:assert/strict";
import { FIXTURES_URL, readFixture } from "../../harness/fixtures/fixture.ts";
import { createUpstream } from "../../harness/sandbox/upstream.ts";
import {
  createTestFunction,
  loginPayload,
  ORGANIZATION,
  permissionsIn,
} from "./_function.ts";

const { request } = await readFixture(
  new URL("events/01_org_metadata_set.json", FIXTURES_URL),
);
const EVENT = { ...JSON.parse(request.body), aggregateID: ORGANIZATION };

/** A function over a ZITADEL that counts requests and can be down. */
async function setUp(settings: Record<string, string> = {}) {
  const metadata = { admin: btoa('["old"]') };
  const organizations = { [ORGANIZATION]: { readable: true, metadata } };
  const upstream = createUpstream({ organizations });
  const world = { metadata, requests: 0, isDown: false };
  const { call, log } = await createTestFunction({
    settings,
    fetch: (input, init) => {
      world.requests++;
      return world.isDown
        ? Promise.reject(new TypeError("down"))
        : upstream.fetch(input, init);
    },
  });
  const login = async () => await permissionsIn(await call(loginPayload()));
  /** Sends an event, and gives its line of the log. */
  const event = async (change: object) => {
    const reply = await call({ ...EVENT, ...change });
    assert.equal(reply.status, 200);
    assert.equal(await reply.text(), "{}");
    return log.at(-1)!;
  };
  return { world, call, login, event };
}

Deno.test("createHandler() does nothing for a replayed event, and never serves the old mapping after a genuine one", async () => {
  const { world, login, event, call } = await setUp();
  assert.deepEqual(await login(), ["old"]);
  world.metadata.admin = btoa('["new"]');
  assert.equal((await event({ sequence: 7 })).outcome, "invalidated");
  assert.deepEqual(await login(), ["new"]);
  const { requests } = world;
  world.isDown = true;
  for (const sequence of [7, 7, 6]) {
    assert.equal((await event({ sequence })).outcome, "ignored");
    assert.deepEqual(await login(), ["new"]);
  }
  assert.equal(world.requests, requests);
  assert.equal((await event({ sequence: 8 })).outcome, "invalidated");
  assert.equal((await call(loginPayload())).status, 502);
});

Deno.test("createHandler() ignores events of other organizations than a fixed METADATA_ORGANIZATION", async () => {
  const { event } = await setUp({ METADATA_ORGANIZATION: ORGANIZATION });
  assert.equal((await event({ aggregateID: "another" })).outcome, "ignored");
  assert.equal((await event({})).outcome, "invalidated");
});

Deno.test("createHandler() drops an organization's mapping at its metadata event, and no other", async () => {
  const { world, login, event } = await setUp();
  await login();
  let { sequence } = EVENT;
  for (
    const [event_type, aggregateID, outcome, requests] of [
      ["org.metadata.set", ORGANIZATION, "invalidated", 2],
      ["org.metadata.removed", ORGANIZATION, "invalidated", 3],
      ["org.metadata.removed.all", ORGANIZATION, "invalidated", 4],
      ["org.metadata.set", "1", "invalidated", 4],
      ["org.changed", ORGANIZATION, "ignored", 4],
      ["user.metadata.set", ORGANIZATION, "ignored", 4],
    ] as const
  ) {
    sequence++;
    const line = await event({ event_type, aggregateID, sequence });
    assert.equal(line.outcome, outcome);
    const isOurs = outcome === "invalidated";
    assert.equal(line.organization, isOurs ? aggregateID : undefined);
    assert.deepEqual(await login(), ["old"]);
    assert.equal(world.requests, requests, event_type);
  }
});
