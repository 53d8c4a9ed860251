import assert from "node:assert/strict";
import { readFixture } from "../../harness/fixtures/fixture.ts";
import { FIXTURES_URL } from "../../harness/fixtures/fixture.ts";
import {
  createUpstream,
  type UpstreamData,
} from "../../harness/sandbox/upstream.ts";
import { ATTRIBUTE_NAME_FORMAT } from "../../lib/claims/reply.ts";
import {
  createTestFunction,
  login,
  loginPayload,
  NOW,
  ORGANIZATION,
  permissionsIn,
} from "./_function.ts";

const encoder = new TextEncoder();

/** A world of organizations in each of which the role `admin` grants one permission. */
function world(...ids: string[]): UpstreamData {
  return {
    organizations: Object.fromEntries(ids.map((id) => [id, {
      readable: true,
      metadata: { admin: encoder.encode(`of-${id}`).toBase64() },
    }])),
  };
}

/** A world whose one organization grants much to the role `admin`. */
function generous(bytes: number, ...ids: string[]): UpstreamData {
  const metadata = { admin: encoder.encode("x".repeat(bytes)).toBase64() };
  return {
    organizations: Object.fromEntries(
      ids.map((id) => [id, { readable: true, metadata }]),
    ),
  };
}

/** A payload of a user of organization 1 with grants of 2 and 3. */
function crossOrganizationPayload() {
  const payload = loginPayload();
  const grant = { ...payload.user_grants[0], roles: ["admin"] };
  payload.org.id = "1";
  payload.user.resource_owner = "1";
  payload.user_grants = [
    { ...grant, resource_owner: "2" },
    { ...grant, resource_owner: "3", roles: ["admin", "viewer"] },
    { ...grant, resource_owner: "2" },
  ];
  return payload;
}

const SAML = "function/presamlresponse";

Deno.test("createHandler() reads the organization that METADATA_ORGANIZATION says", async (t) => {
  const modes: [string, string[], string[]][] = [
    ["user", ["1"], ["of-1"]],
    ["grant", ["2", "3"], ["of-2", "of-3"]],
    ["9", ["9"], ["of-9"]],
  ];
  for (const [mode, organizations, permissions] of modes) {
    await t.step(mode, async () => {
      const upstream = createUpstream(world("1", "2", "3", "9"));
      const { call, log } = await createTestFunction({
        settings: { METADATA_ORGANIZATION: mode },
        fetch: upstream.fetch,
      });
      const response = await call(crossOrganizationPayload());
      assert.deepEqual(await permissionsIn(response), permissions);
      assert.equal(upstream.requests, organizations.length);
      assert.deepEqual(
        upstream.unused(),
        ["1", "2", "3", "9"].filter((id) => !organizations.includes(id)),
      );
      const line = log.find(({ message }) => message === "Answered");
      assert.equal(line?.organization, organizations.join(","));
      assert.equal(line?.roles, 4);
    });
  }
});

Deno.test("createHandler() takes the user's resource owner when the payload has no organization", async () => {
  const upstream = createUpstream(world("1"));
  const { call } = await createTestFunction({ fetch: upstream.fetch });
  const payload = crossOrganizationPayload();
  delete payload.org;
  assert.deepEqual(await permissionsIn(await call(payload)), ["of-1"]);
});

Deno.test("createHandler() answers SAML with an attribute", async () => {
  const { call } = await createTestFunction({
    fetch: createUpstream(world("1")).fetch,
  });
  const payload = { ...crossOrganizationPayload(), function: SAML };
  delete payload.org;
  delete payload.application;
  delete payload.userinfo;
  const reply = await (await call(payload)).json();
  assert.deepEqual(reply, {
    append_attribute: [{
      name: "permissions",
      name_format: ATTRIBUTE_NAME_FORMAT,
      value: ["of-1"],
    }],
  });
});

Deno.test("createHandler() repeats what earlier targets appended", async (t) => {
  const response = {
    append_claims: [{ key: "tenant", value: 1 }],
    append_attribute: [{ name: "tenant", name_format: "x", value: ["a"] }],
  };
  const { call } = await createTestFunction({
    fetch: createUpstream(world("1")).fetch,
  });
  for (
    const [name, list, earlier] of [
      ["function/preaccesstoken", "append_claims", response.append_claims],
      ["function/preuserinfo", "append_claims", response.append_claims],
      [SAML, "append_attribute", response.append_attribute],
    ] as const
  ) {
    await t.step(name, async () => {
      const payload = { ...crossOrganizationPayload(), function: name };
      const reply = await (await call({ ...payload, response })).json();
      assert.deepEqual(Object.keys(reply), [list]);
      assert.equal(reply[list].length, 2);
      assert.deepEqual(reply[list][0], earlier[0]);
    });
  }
});

Deno.test("createHandler() names the claim as PERMISSIONS_CLAIM says", async (t) => {
  const { call } = await createTestFunction({
    settings: { PERMISSIONS_CLAIM: "https://example.com/p" },
    fetch: createUpstream(world("1")).fetch,
  });
  await t.step("claim", async () => {
    const reply = await (await call(crossOrganizationPayload())).json();
    assert.equal(reply.append_claims[0].key, "https://example.com/p");
  });
  await t.step("attribute", async () => {
    const payload = { ...crossOrganizationPayload(), function: SAML };
    const reply = await (await call(payload)).json();
    assert.equal(reply.append_attribute[0].name, "https://example.com/p");
  });
});

Deno.test("createHandler() answers with an empty array when the roles map to nothing", async () => {
  const { call } = await createTestFunction({
    fetch: createUpstream({
      organizations: { [ORGANIZATION]: { readable: true, metadata: {} } },
    }).fetch,
  });
  const reply = await (await call(loginPayload())).json();
  assert.deepEqual(reply, {
    append_claims: [{ key: "permissions", value: [] }],
  });
});

Deno.test("createHandler() drops an organization's mapping at its metadata event, and no other", async () => {
  const event = JSON.parse(
    (await readFixture(
      new URL("events/01_org_metadata_set.json", FIXTURES_URL),
    ))
      .request.body,
  );
  const upstream = createUpstream(login);
  const { call, log } = await createTestFunction({ fetch: upstream.fetch });
  const asked = async () => {
    assert.equal((await call(loginPayload())).status, 200);
    return upstream.requests;
  };
  assert.equal(await asked(), 1);
  for (
    const [event_type, aggregateID, requests] of [
      ["org.metadata.set", ORGANIZATION, 2],
      ["org.metadata.removed", ORGANIZATION, 3],
      ["org.metadata.removed.all", ORGANIZATION, 4],
      ["org.metadata.set", "1", 4],
      ["org.changed", ORGANIZATION, 4],
      ["user.metadata.set", ORGANIZATION, 4],
    ] as const
  ) {
    event.sequence++;
    const reply = await call({ ...event, event_type, aggregateID });
    assert.equal(reply.status, 200);
    assert.equal(await reply.text(), "{}");
    assert.equal(await asked(), requests, event_type);
  }
  assert.deepEqual(
    log.filter(({ condition }) => !String(condition).startsWith("function/"))
      .map(({ outcome, organization }) => [outcome, organization]),
    [
      ["invalidated", ORGANIZATION],
      ["invalidated", ORGANIZATION],
      ["invalidated", ORGANIZATION],
      ["invalidated", "1"],
      ["ignored", undefined],
      ["ignored", undefined],
    ],
  );
});

Deno.test("createHandler() does not heed an event that is not signed", async () => {
  const upstream = createUpstream(login);
  const { call } = await createTestFunction({ fetch: upstream.fetch });
  await call(loginPayload());
  const forged = { event_type: "org.metadata.set", aggregateID: ORGANIZATION };
  assert.equal((await call(forged, { key: "forged" })).status, 401);
  await call(loginPayload());
  assert.equal(upstream.requests, 1);
});

Deno.test("createHandler() points out a claim over 4 kB once for each organization", async () => {
  const { call, log } = await createTestFunction({
    fetch: createUpstream(generous(4_200, "1", "2")).fetch,
  });
  const payload = crossOrganizationPayload();
  const pointedOut = () =>
    log.filter(({ reason }) => reason === "long_claim")
      .map(({ organization }) => organization);
  for (const id of ["1", "1", "2", "1", "2"]) {
    payload.org.id = id;
    assert.equal((await call(payload)).status, 200);
  }
  assert.deepEqual(pointedOut(), ["1", "2"]);
  const [line] = log.filter(({ reason }) => reason === "long_claim");
  assert.equal(line?.level, "warn");
  assert.match(String(line?.remedy), /introspection/);
});

Deno.test("createHandler() measures a claim in bytes", async (t) => {
  const brackets = '[""]';
  const sizes: [string, string, boolean][] = [
    ["at the bound", "x".repeat(4_096 - brackets.length), false],
    ["over it", "x".repeat(4_097 - brackets.length), true],
    ["over it in bytes only", "読".repeat(1_400), true],
  ];
  for (const [name, permission, isLarge] of sizes) {
    await t.step(name, async () => {
      const admin = encoder.encode(permission).toBase64();
      const { call, log } = await createTestFunction({
        fetch: createUpstream({
          organizations: { "1": { readable: true, metadata: { admin } } },
        }).fetch,
      });
      const reply = await (await call(crossOrganizationPayload())).json();
      const found = log.find(({ reason }) => reason === "long_claim");
      assert.equal(found !== undefined, isLarge);
      if (!found) return;
      const claim = JSON.stringify(reply.append_claims[0].value);
      const bytes = encoder.encode(claim).length;
      assert.equal(found.bytes, bytes);
    });
  }
});

Deno.test("createHandler() measures the time of a call", async () => {
  let now = NOW;
  const upstream = createUpstream(login);
  const { call, log } = await createTestFunction({
    now: () => now,
    fetch: (input, init) => {
      now += 120;
      return upstream.fetch(input, init);
    },
  });
  await call(loginPayload());
  assert.equal(log.at(-1)?.ms, 120);
});
