/**
 * A canary in every secret, header and personal field, and a look at all that
 * the function lets out: answers, log, traces and metrics, the database.
 *
 * @module
 */
import assert from "node:assert/strict";
import { startFunction } from "../../harness/function/function_process.ts";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { storedText } from "../lib/_stored_text.ts";
import { findCanaries, PERSONAL, SECRETS } from "./_canaries.ts";
import { loginOf, serve, signed } from "./_loopback.ts";

const SOUGHT = { ...SECRETS, ...PERSONAL, accessToken: UPSTREAM_TOKEN };

const HEADERS = {
  authorization: `Bearer ${SECRETS.authorization}`,
  cookie: `session=${SECRETS.cookie}`,
  "user-agent": PERSONAL.username,
  "x-forwarded-for": PERSONAL.ipAddress,
};

/** A login at an organization, with all that ZITADEL says of the user. */
function call(organization = "1") {
  const { userId: id, email, username, phone, lastName } = PERSONAL;
  const login = loginOf(organization);
  return {
    ...login,
    userinfo: { sub: id, email },
    user: {
      id,
      resource_owner: "1",
      username,
      human: {
        first_name: PERSONAL.firstName,
        last_name: lastName,
        display_name: PERSONAL.displayName,
        email,
        phone,
      },
    },
    user_metadata: [{ key: "note", value: btoa(PERSONAL.metadata) }],
    org: { ...login.org, name: lastName },
    user_grants: login.user_grants.map((it) => ({ ...it, user_id: id })),
    application: { client_id: PERSONAL.clientApplication },
  };
}

const PAYLOADS: readonly unknown[] = [
  call(),
  { ...call(), function: "function/presamlresponse" },
  call("forbidden"),
  call("broken"),
  {
    event_type: "org.metadata.set",
    aggregateID: "1",
    userID: PERSONAL.userId,
    event_payload: { key: PERSONAL.username, value: PERSONAL.metadata },
  },
  JSON.stringify(call()).slice(0, -5),
  { ...call(), user_grants: PERSONAL.email },
  { ...call(), [PERSONAL.email]: 1, function: 1 },
  `${btoa(PERSONAL.email)}.${btoa(PERSONAL.userId)}.aa`,
  `${btoa(PERSONAL.email)}.aa.bb.cc.dd`,
  PERSONAL.email,
  call(),
];

/** Requests of all kinds: good ones, bad ones, and such as meet a failing ZITADEL. */
async function requestsTo(url: string): Promise<Request[]> {
  const headers = { ...HEADERS, "zitadel-signature": SECRETS.signingKey };
  return [
    ...await Promise.all(
      PAYLOADS.map((it) => signed(url, SECRETS.signingKey, it, HEADERS)),
    ),
    await signed(url, SECRETS.otherSigningKey, call(), HEADERS),
    new Request(url, { method: "POST", headers, body: PERSONAL.email }),
    new Request(url, { headers }),
    new Request(`${url}/${SECRETS.query}?token=${SECRETS.query}`, { headers }),
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
        error_description: `${SECRETS.upstreamBody} ${text}`,
      }, { status: 400 });
    }
    if (!text.includes("broken")) return await upstream.fetch(request);
    const authorization = request.headers.get("authorization");
    const body = `${SECRETS.upstreamBody} ${authorization}`;
    return new Response(body, { status: 500 });
  });
}

/** The files of a folder, and what they hold as databases. */
async function readDatabases(folder: string): Promise<string> {
  const paths = (await Array.fromAsync(Deno.readDir(folder)))
    .map(({ name }) => `${folder}/${name}`);
  let text = "";
  for (const path of paths) {
    text += new TextDecoder("latin1").decode(await Deno.readFile(path));
  }
  // This removes files of the database.
  for (const path of paths.filter((path) => path.endsWith(".sqlite"))) {
    using kv = await Deno.openKv(path);
    text += await storedText(kv);
  }
  return text;
}

/** A DER value in base64 that holds a text and is no key. */
function derOf(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return Uint8Array.of(0x30, 0x81, bytes.length, ...bytes).toBase64();
}

const CREDENTIALS: Record<string, string>[] = [
  { ACCESS_TOKEN: UPSTREAM_TOKEN },
  { CLIENT_ID: SECRETS.clientId, CLIENT_SECRET: SECRETS.clientSecret },
  {
    SERVICE_ACCOUNT_KEY: JSON.stringify({
      type: "serviceaccount",
      keyId: "1",
      key: `-----BEGIN RSA PRIVATE KEY-----\n${
        derOf(SECRETS.serviceAccountKey)
      }\n-----END RSA PRIVATE KEY-----`,
      userId: PERSONAL.userId,
    }),
  },
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
  try {
    await Promise.all(CREDENTIALS.map(async (credential, index) => {
      await using running = await startFunction({
        env: {
          ZITADEL_DOMAIN: upstream.origin,
          AUTHORIZATION_SIGNING_KEY: SECRETS.signingKey,
          KV_URL: `${folder}/${index}.sqlite`,
          OTEL_DENO: "true",
          OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
          ...credential,
        },
      });
      for (const request of await requestsTo(running.url)) {
        const response = await fetch(request);
        const headers = JSON.stringify([...response.headers]);
        answers.push(`${response.status} ${headers} ${await response.text()}`);
      }
      await running.stop();
      log.push(...running.lines);
    }));
    const places = {
      answers: answers.join("\n"),
      log: log.join("\n"),
      "traces and metrics": exported.join("\n"),
      database: await readDatabases(folder),
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
        // Deno's own span of a request holds its URL; ZITADEL's have no query.
        const allowed = place === "traces and metrics" ? ["query"] : [];
        assert.deepEqual(findCanaries(text, SOUGHT), allowed);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
