import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { FIXTURES_URL, readFixture } from "../../harness/fixtures/fixture.ts";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { testEach } from "../_test_each.ts";
import { grpcWebError } from "./_frames.ts";
import { createTestFunction, login, ORGANIZATION } from "./_function.ts";
import { request, signed } from "./_requests.ts";
import { CANARY, HEADERS, withCanaries } from "./_canaries.ts";
import { storedText } from "./_stored_text.ts";
import { TelemetryRecorder } from "./_telemetry_recorder.ts";

const SECRETS = {
  AUTHORIZATION_SIGNING_KEY: "canary-signing-key",
  ACCESS_TOKEN: "canary-access-token",
};
const key = SECRETS.AUTHORIZATION_SIGNING_KEY;

const world = { organizations: { ...login.organizations } };

async function payloadOf(name: string): Promise<Record<string, unknown>> {
  const file = new URL(`${name}.json`, FIXTURES_URL);
  const { request, organizations } = await readFixture(file);
  Object.assign(world.organizations, organizations);
  return withCanaries(JSON.parse(request.body)) as Record<string, unknown>;
}

const call = await payloadOf("calls/human_login");
const event = await payloadOf("events/01_org_metadata_set");
const grant = { project_id: "1", resource_owner: ORGANIZATION, state: 1 };

/** A ZITADEL that has the recorded metadata, for the one who has the token. */
const readable: typeof fetch = (input, init) => {
  const request = new Request(input, init);
  const { headers } = request;
  const expected = `Bearer ${SECRETS.ACCESS_TOKEN}`;
  assert.equal(headers.get("authorization"), expected);
  headers.set("authorization", `Bearer ${UPSTREAM_TOKEN}`);
  return createUpstream(world).fetch(request);
};

const refuses = (code: Code): typeof fetch => () =>
  Promise.resolve(grpcWebError(code, "canary"));
const proxied = new TypeError(`cannot send Bearer ${SECRETS.ACCESS_TOKEN}`, {
  cause: new Error("no route by http://canary:canary@proxy:3128"),
});

testEach<[status: number, payload: unknown, fetch?: typeof globalThis.fetch]>(
  "createHandler() lets nothing personal and no secret out",
  {
    "a login": [200, call],
    "a userinfo call": [200, await payloadOf("calls/preuserinfo")],
    "a SAML call": [200, await payloadOf("calls/presamlresponse")],
    "a service user's call": [
      200,
      await payloadOf("calls/machine_client_credentials"),
    ],
    "a second target's call": [
      200,
      await payloadOf("calls/chained_second_target"),
    ],
    "an event": [200, { ...event, aggregateID: ORGANIZATION }],
    "an event of a user": [200, {
      ...event,
      event_type: "user.human.changed",
      aggregateID: "canary-user",
    }],
    "another shape": [400, { ...call, user_grants: "canary" }],
    "another shape, deep": [400, {
      ...call,
      user_grants: [{ ...grant, state: "canary", roles: ["canary"] }],
    }],
    "an event of another shape": [400, { ...event, aggregateID: 7 }],
    "not JSON": [400, "{canary"],
    "not UTF-8": [400, Uint8Array.of(0x7b, 0xff, 0x63, 0x61)],
    "a JWS": [401, "eyJhbGciOiJub25lIn0.canary."],
    "a JWE": [400, "canary.canary.canary.canary.canary"],
    "no permission": [502, call, refuses(Code.NotFound)],
    "a bad token": [502, call, refuses(Code.Unauthenticated)],
    "down": [502, call, () => Promise.reject(proxied)],
    "nonsense": [502, call, () => Promise.resolve(new Response("canary"))],
  },
  async ([status, payload, fetch = readable], name) => {
    using recorder = new TelemetryRecorder();
    using kv = await Deno.openKv(":memory:");
    const background = new AbortController();
    const { call, log } = await createTestFunction({
      fetch,
      kv,
      shutdown: background.signal,
      settings: SECRETS,
    });
    const response = await call(payload, { key, headers: HEADERS });
    assert.equal(response.status, status);
    // What earlier targets appended is repeated, which is the reply's purpose.
    const text = status === 200 ? "" : await response.text();
    const { measurements, spans } = recorder;
    assert.ok(log.length > 0 && measurements.length > 0);
    const told = [text, [...response.headers], log, measurements, spans];
    assert.doesNotMatch(JSON.stringify(told), CANARY);
    let stored = await storedText(kv);
    // It is written behind the answer.
    while (name === "a login" && !stored.includes("posts:read")) {
      await new Promise((resolve) => setTimeout(resolve));
      stored = await storedText(kv);
    }
    assert.doesNotMatch(stored, CANARY);
    background.abort();
  },
);

const text = JSON.stringify(call);
const { headers } = await signed(text, { key });
const signature = headers.get("zitadel-signature")!;
const post = (body: string, signature: string) =>
  request(body, { ...HEADERS, "zitadel-signature": signature }, "/?canary=1");
const get = (path: string) =>
  new Request(`http://localhost${path}?canary=1`, { headers: HEADERS });

testEach<Request>(
  "createHandler() lets nothing out of a request that it refuses unseen",
  {
    "unsigned": post(text, "t=canary"),
    "signed for another body": post(`${text} `, signature),
    "another path": get("/canary"),
    "another method": get("/"),
  },
  async (request) => {
    using recorder = new TelemetryRecorder();
    const { handle, log } = await createTestFunction({ settings: SECRETS });
    const response = await handle(request);
    assert.ok(response.status >= 400);
    assert.equal(log.length, 1);
    const told = [await response.text(), log, recorder.measurements];
    assert.doesNotMatch(JSON.stringify(told), CANARY);
    assert.ok(!JSON.stringify(told).includes(signature.split("v1=")[1]!));
  },
);
