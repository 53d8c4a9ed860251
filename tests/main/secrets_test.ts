/**
 * A canary in every secret, header and personal field, and a look at all that
 * the function lets out: answers, log, traces and metrics, the database.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Code } from "@connectrpc/connect";
import { FIXTURES_URL, readFixture } from "../../harness/fixtures/fixture.ts";
import { startFunction } from "../../harness/function/function_process.ts";
import { refusal } from "../../harness/sandbox/api.ts";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { CANARY, HEADERS, withCanaries } from "./_canaries.ts";
import { KEY_FILE } from "../lib/_settings.ts";
import { storedText } from "./_stored_text.ts";
import { loginOf, serve, signed } from "./_loopback.ts";

const SIGNING_KEY = "canary-signing-key";

/** In URLs, which Deno's own span of a request holds; ZITADEL's have no query. */
const QUERY = "sought-query";

async function recorded(name: string): Promise<object> {
  const { request } = await readFixture(new URL(`${name}.json`, FIXTURES_URL));
  return withCanaries(JSON.parse(request.body)) as object;
}

const login = await recorded("calls/human_login");
const event = {
  ...await recorded("events/01_org_metadata_set"),
  aggregateID: "1",
};

/** A login at an organization, with all that ZITADEL says of the user. */
const call = (organization = "1") => ({ ...login, ...loginOf(organization) });

const PAYLOADS: readonly unknown[] = [
  call(),
  { ...await recorded("calls/presamlresponse"), ...loginOf("1") },
  await recorded("calls/machine_client_credentials"),
  call("forbidden"),
  call("broken"),
  event,
  { ...event, event_type: "user.human.changed", aggregateID: "canary" },
  { ...event, aggregateID: 7 },
  JSON.stringify(call()).slice(0, -5),
  { ...call(), user_grants: "canary" },
  { ...call(), user_grants: [{ state: "canary", roles: ["canary"] }] },
  { ...call(), canary: 1, function: 1 },
  `${btoa("canary")}.${btoa("canary")}.aa`,
  `${btoa("canary")}.aa.bb.cc.dd`,
  Uint8Array.of(0x7b, 0xff, ...new TextEncoder().encode("canary")),
  "canary",
  call(),
  call("refused"),
];

/** Requests of all kinds: good ones, bad ones, and such as meet a failing ZITADEL. */
async function requestsTo(url: string): Promise<Request[]> {
  const headers = { ...HEADERS, "zitadel-signature": SIGNING_KEY };
  return [
    ...await Promise.all(
      PAYLOADS.map((it) => signed(url, SIGNING_KEY, it, HEADERS)),
    ),
    await signed(url, "canary-other-key", call(), HEADERS),
    new Request(url, { method: "POST", headers, body: "canary" }),
    new Request(url, { headers }),
    new Request(`${url}/${QUERY}?token=${QUERY}`, { headers }),
    new Request(`${url}/healthz`, { headers }),
  ];
}

/** A ZITADEL that fails for one organization, and quotes what it was sent. */
function serveUpstream() {
  const metadata = { viewer: btoa('["posts:read"]'), odd: btoa("[1]") };
  const upstream = createUpstream({
    organizations: {
      "1": { readable: true, metadata },
      forbidden: { readable: false, metadata: {} },
    },
  });
  return serve(async (request) => {
    const text = await request.clone().text();
    if (new URL(request.url).pathname === "/oauth/v2/token") {
      return Response.json({
        error: "invalid_client",
        error_description: `canary ${text}`,
      }, { status: 400 });
    }
    const body = `canary ${request.headers.get("authorization")}`;
    if (text.includes("refused")) return refusal(Code.Unauthenticated, body);
    return text.includes("broken")
      ? new Response(body, { status: 500 })
      : await upstream.fetch(request);
  });
}

const CREDENTIALS: Record<string, string>[] = [
  { ACCESS_TOKEN: UPSTREAM_TOKEN },
  { CLIENT_ID: "canary-id", CLIENT_SECRET: "canary-secret" },
  { SERVICE_ACCOUNT_KEY: KEY_FILE },
];

Deno.test("main.ts lets no secret and nothing personal out", async (t) => {
  const exported: string[] = [];
  await using upstream = serveUpstream();
  await using collector = serve(async (request) => {
    exported.push(await request.text());
    return Response.json({});
  });
  const folder = await Deno.makeTempDir();
  const answers: string[] = [];
  const log: string[] = [];
  const signatures: string[] = [];
  try {
    await Promise.all(CREDENTIALS.map(async (credential, index) => {
      await using running = await startFunction({
        env: {
          ZITADEL_DOMAIN: upstream.origin,
          AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
          KV_URL: `${folder}/${index}.sqlite`,
          OTEL_DENO: "true",
          OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
          ...credential,
        },
      });
      for (const request of await requestsTo(running.url)) {
        const signature = request.headers.get("zitadel-signature");
        if (signature?.includes("v1=")) {
          signatures.push(signature.split("v1=")[1]!);
        }
        const response = await fetch(request);
        const headers = JSON.stringify([...response.headers]);
        answers.push(`${response.status} ${headers} ${await response.text()}`);
      }
      await running.stop();
      log.push(...running.lines);
    }));
    let database = "";
    for (const index of CREDENTIALS.keys()) {
      using kv = await Deno.openKv(`${folder}/${index}.sqlite`);
      database += await storedText(kv);
    }
    const places = {
      answers: answers.join("\n"),
      log: log.join("\n"),
      "traces and metrics": exported.join("\n"),
      database,
    };
    await t.step("all of it was seen", () => {
      for (const status of [200, 400, 401, 404, 405, 502]) {
        assert.match(places.answers, RegExp(`^${status} `, "m"));
      }
      assert.match(places.answers, /posts:read/);
      assert.match(places.log, /"outcome":"permissions"/);
      assert.match(places.log, /credential_rejected/);
      assert.match(places["traces and metrics"], /permissions\.call\.duration/);
      assert.match(places["traces and metrics"], /read organization metadata/);
      assert.match(places.database, /posts:read/);
    });
    for (const [place, text] of Object.entries(places)) {
      await t.step(place, () => {
        assert.doesNotMatch(text, CANARY);
        for (const secret of [UPSTREAM_TOKEN, ...signatures]) {
          assert.ok(!text.includes(secret));
        }
        const isTrace = place === "traces and metrics";
        assert.equal(text.includes(QUERY), isTrace);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
