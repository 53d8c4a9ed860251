import assert from "node:assert/strict";
import { FIXTURES_URL, readFixture } from "../../harness/fixtures/fixture.ts";
import { createUpstream } from "../../harness/sandbox/upstream.ts";
import {
  createTestFunction,
  login as recorded,
  loginPayload,
  ORGANIZATION,
  permissionsIn,
  type TestFunctionOptions,
} from "./_function.ts";
import { MemoryKv } from "./_memory_kv.ts";
import { turn } from "./mapping/_isolate.ts";

/** Functions over a ZITADEL that counts requests and can be down. */
function setUp() {
  const metadata = { admin: btoa('["old"]') };
  const organizations = { [ORGANIZATION]: { readable: true, metadata } };
  const upstream = createUpstream({ organizations });
  const world = { metadata, requests: 0, isDown: false };
  const fetch: typeof globalThis.fetch = (input, init) => {
    world.requests++;
    return world.isDown
      ? Promise.reject(new TypeError("down"))
      : upstream.fetch(input, init);
  };
  const create = async (options: TestFunctionOptions = {}) => {
    const it = await createTestFunction({ fetch, ...options });
    const login = async () =>
      await permissionsIn(await it.call(loginPayload()));
    /** Sends an event, and gives the outcome. */
    const event = async (sequence: unknown, aggregateID = ORGANIZATION) => {
      const event_type = "org.metadata.set";
      await it.call({ event_type, aggregateID, sequence });
      return it.log.at(-1)!.outcome;
    };
    return { ...it, login, event };
  };
  return { world, create };
}

Deno.test("createHandler() does nothing for a replayed event, and never serves the old mapping after a genuine one", async () => {
  const { world, create } = setUp();
  const { login, event, call } = await create();
  assert.deepEqual(await login(), ["old"]);
  world.metadata.admin = btoa('["new"]');
  assert.equal(await event(7), "invalidated");
  assert.deepEqual(await login(), ["new"]);
  const { requests } = world;
  world.isDown = true;
  for (const replayed of [7, 7, 6]) {
    assert.equal(await event(replayed), "ignored");
    assert.deepEqual(await login(), ["new"]);
  }
  assert.equal(world.requests, requests);
  assert.equal(await event(8), "invalidated");
  assert.equal((await call(loginPayload())).status, 502);
});

Deno.test("createHandler() acts on each event whose sequence is none, and remembers none of it", async () => {
  const { event } = await setUp().create();
  for (const sequence of ["7", 1.5, Number.MAX_SAFE_INTEGER + 1, -1, 1]) {
    assert.equal(await event(sequence), "invalidated");
  }
});

Deno.test("createHandler() keeps other organizations' mappings through a burst of events at another isolate", async () => {
  const { world, create } = setUp();
  const kv = new MemoryKv();
  const ended = new AbortController();
  const { signal: shutdown } = ended;
  const one = await create({ kv: kv.connect(), shutdown });
  const other = await create({ kv: kv.connect(), shutdown });
  await one.login();
  await turn();
  await other.login();
  const { requests } = world;
  const events = Array.from(
    { length: 60 },
    (_, index) => one.event(index + 1, "another organization"),
  );
  await Promise.all(events);
  await turn();
  for (const { login, log } of [one, other]) {
    assert.deepEqual(await login(), ["old"]);
    assert.equal(log.at(-1)!.source, "memory");
  }
  assert.equal(world.requests, requests);
  ended.abort();
});

Deno.test("createHandler() ignores events of other organizations than a fixed METADATA_ORGANIZATION", async () => {
  const settings = { METADATA_ORGANIZATION: ORGANIZATION };
  const { event } = await setUp().create({ settings });
  assert.equal(await event(1, "another organization"), "ignored");
  assert.equal(await event(1), "invalidated");
});

Deno.test("createHandler() drops an organization's mapping at its metadata event, and no other", async () => {
  const { request } = await readFixture(
    new URL("events/01_org_metadata_set.json", FIXTURES_URL),
  );
  const event = JSON.parse(request.body);
  const upstream = createUpstream(recorded);
  const { call, log } = await createTestFunction({ fetch: upstream.fetch });
  await call(loginPayload());
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
    event.sequence++;
    const reply = await call({ ...event, event_type, aggregateID });
    assert.equal(reply.status, 200);
    assert.equal(await reply.text(), "{}");
    const line = log.at(-1)!;
    assert.equal(line.outcome, outcome);
    const isOurs = outcome === "invalidated";
    assert.equal(line.organization, isOurs ? aggregateID : undefined);
    assert.equal((await call(loginPayload())).status, 200);
    assert.equal(upstream.requests, requests, event_type);
  }
});
