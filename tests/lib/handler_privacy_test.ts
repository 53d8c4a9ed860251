import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { FIXTURES_URL, readFixture } from "../../harness/fixtures/fixture.ts";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { signPayload } from "../../harness/util/sign_payload.ts";
import { grpcWebError } from "./_frames.ts";
import {
  createTestFunction,
  login,
  NOW,
  ORGANIZATION,
  type TestFunctionOptions,
} from "./_function.ts";
import { storedText } from "./_stored_text.ts";
import { TelemetryRecorder } from "./_telemetry_recorder.ts";

/** In every value that must go nowhere. */
const CANARY = /canary/i;

/**
 * The fields that the function works with. Every other one gets a canary, by
 * name or not: what ZITADEL adds some day is covered too.
 */
const WORKED_WITH = new Set([
  "function",
  "event_type",
  "org.id",
  "user.resource_owner",
  "user_grants.project_id",
  "user_grants.resource_owner",
  "user_grants.roles",
  "user_grants.state",
]);

const HEADERS = {
  authorization: "Bearer canary-authorization",
  cookie: "session=canary-cookie",
  "user-agent": "canary-agent",
  "x-forwarded-for": "canary-address",
  "x-canary-header": "canary-header",
};

/** Puts a canary into every text of a payload that is not worked with. */
function withCanaries(value: unknown, path = ""): unknown {
  if (WORKED_WITH.has(path)) return value;
  if (typeof value === "string") return `canary-${path}`;
  if (Array.isArray(value)) {
    return value.map((item) => withCanaries(item, path));
  }
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      withCanaries(item, path ? `${path}.${key}` : key),
    ]),
  );
}

const world = { organizations: { ...login.organizations } };

async function payloadOf(name: string): Promise<Record<string, unknown>> {
  const file = new URL(`${name}.json`, FIXTURES_URL);
  const { request, organizations } = await readFixture(file);
  Object.assign(world.organizations, organizations);
  return withCanaries(JSON.parse(request.body)) as Record<string, unknown>;
}

const calls = {
  login: await payloadOf("calls/human_login"),
  userinfo: await payloadOf("calls/preuserinfo"),
  saml: await payloadOf("calls/presamlresponse"),
  service: await payloadOf("calls/machine_client_credentials"),
  chained: await payloadOf("calls/chained_second_target"),
};
const event = await payloadOf("events/01_org_metadata_set");

const SECRETS = {
  AUTHORIZATION_SIGNING_KEY: "canary-signing-key",
  ACCESS_TOKEN: "canary-access-token",
};
const key = SECRETS.AUTHORIZATION_SIGNING_KEY;

/** A ZITADEL that has the recorded metadata, for the one who has the token. */
function readable(): typeof fetch {
  const upstream = createUpstream(world);
  return (input, init) => {
    const request = new Request(input, init);
    assert.equal(
      request.headers.get("authorization"),
      `Bearer ${SECRETS.ACCESS_TOKEN}`,
    );
    request.headers.set("authorization", `Bearer ${UPSTREAM_TOKEN}`);
    return upstream.fetch(request);
  };
}

const fails = (make: () => Response | Error): typeof fetch => () => {
  const made = make();
  return made instanceof Error ? Promise.reject(made) : Promise.resolve(made);
};

const grant = { project_id: "1", resource_owner: ORGANIZATION, state: 1 };

const CASES: Record<string, [TestFunctionOptions, unknown, number]> = {
  ...Object.fromEntries(
    Object.entries(calls).map((
      [name, payload],
    ) => [`answered, ${name}`, [{}, payload, 200]]),
  ),
  "an event": [{}, { ...event, aggregateID: ORGANIZATION }, 200],
  "an event of a user": [
    {},
    { ...event, event_type: "user.human.changed", aggregateID: "canary-user" },
    200,
  ],
  "another shape": [{}, { ...calls.login, user_grants: "canary" }, 400],
  "another shape, deep": [
    {},
    {
      ...calls.login,
      user_grants: [{ ...grant, state: "canary", roles: ["canary"] }],
    },
    400,
  ],
  "an event of another shape": [{}, { ...event, aggregateID: 7 }, 400],
  "not JSON": [{}, "{canary", 400],
  "not UTF-8": [{}, Uint8Array.of(0x7b, 0xff, ...utf8("canary")), 400],
  "a JWS": [{}, `${base64url('{"alg":"none"}')}.canary.`, 401],
  "a JWE": [{}, "canary.canary.canary.canary.canary", 400],
  "no permission": [
    { fetch: fails(() => grpcWebError(Code.NotFound, "canary")) },
    calls.login,
    502,
  ],
  "a bad token": [
    { fetch: fails(() => grpcWebError(Code.Unauthenticated, "canary")) },
    calls.login,
    502,
  ],
  "down": [
    {
      fetch: fails(() =>
        new TypeError(`cannot send Bearer ${SECRETS.ACCESS_TOKEN}`, {
          cause: new Error("no route by http://canary:canary@proxy:3128"),
        })
      ),
    },
    calls.login,
    502,
  ],
  "nonsense": [
    { fetch: fails(() => new Response("canary")) },
    calls.login,
    502,
  ],
};

Deno.test("createHandler() lets nothing personal and no secret out", async (t) => {
  for (const [name, [options, payload, status]] of Object.entries(CASES)) {
    await t.step(name, async () => {
      using recorder = new TelemetryRecorder();
      const kv = await Deno.openKv(":memory:");
      const background = new AbortController();
      const { call, log } = await createTestFunction({
        fetch: readable(),
        kv,
        shutdown: background.signal,
        ...options,
        settings: SECRETS,
      });
      const response = await call(payload, { key, headers: HEADERS });
      assert.equal(response.status, status);
      // What earlier targets appended is repeated, which is the reply's purpose.
      if (status !== 200) assert.doesNotMatch(await response.text(), CANARY);
      for (const header of response.headers) {
        assert.doesNotMatch(header.join(), CANARY);
      }
      assert.ok(log.length > 0);
      assert.doesNotMatch(JSON.stringify(log), CANARY);
      assert.ok(recorder.measurements.length > 0);
      assert.doesNotMatch(
        JSON.stringify([recorder.measurements, recorder.spans]),
        CANARY,
      );
      let stored = await storedText(kv);
      // It is written behind the answer.
      while (name === "answered, login" && !stored.includes("posts:read")) {
        await new Promise((resolve) => setTimeout(resolve));
        stored = await storedText(kv);
      }
      assert.doesNotMatch(stored, CANARY);
      background.abort();
      kv.close();
    });
  }
});

Deno.test("createHandler() lets nothing out of a request that it refuses unseen", async (t) => {
  const text = JSON.stringify(calls.login);
  const signature = await signPayload(key, Math.floor(NOW / 1000), text);
  const requests: Record<string, () => Request> = {
    "unsigned": () => post(text, { "zitadel-signature": "t=canary" }),
    "signed for another body": () =>
      post(`${text} `, { "zitadel-signature": signature }),
    "another path": () =>
      new Request("http://localhost/canary?canary=1", { headers: HEADERS }),
    "another method": () =>
      new Request("http://localhost/?canary=1", { headers: HEADERS }),
  };
  for (const [name, make] of Object.entries(requests)) {
    await t.step(name, async () => {
      using recorder = new TelemetryRecorder();
      const { handle, log } = await createTestFunction({ settings: SECRETS });
      const response = await handle(make());
      assert.ok(response.status >= 400);
      assert.doesNotMatch(await response.text(), CANARY);
      assert.equal(log.length, 1);
      const hex = signature.split("v1=")[1]!;
      for (const told of [log, recorder.measurements]) {
        assert.doesNotMatch(JSON.stringify(told), CANARY);
        assert.ok(!JSON.stringify(told).includes(hex));
      }
    });
  }
});

function post(body: string, headers: Record<string, string>): Request {
  return new Request("http://localhost/?canary=1", {
    method: "POST",
    headers: { ...HEADERS, ...headers },
    body,
  });
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function base64url(text: string): string {
  return utf8(text).toBase64({ alphabet: "base64url", omitPadding: true });
}
