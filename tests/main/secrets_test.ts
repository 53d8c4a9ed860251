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
import { signPayload } from "../../harness/util/sign_payload.ts";
import { storedText } from "../lib/_stored_text.ts";
import { findCanaries, PERSONAL, SECRETS } from "./_canaries.ts";

const CALL = {
  function: "function/preaccesstoken",
  userinfo: { sub: PERSONAL.userId, email: PERSONAL.email },
  user: {
    id: PERSONAL.userId,
    resource_owner: "1",
    username: PERSONAL.username,
    human: {
      first_name: PERSONAL.firstName,
      last_name: PERSONAL.lastName,
      display_name: PERSONAL.displayName,
      email: PERSONAL.email,
      phone: PERSONAL.phone,
    },
  },
  user_metadata: [{ key: "note", value: btoa(PERSONAL.metadata) }],
  org: { id: "1", name: PERSONAL.lastName },
  user_grants: [{
    user_id: PERSONAL.userId,
    project_id: "2",
    resource_owner: "1",
    state: 1,
    roles: ["viewer"],
  }],
  application: { client_id: PERSONAL.clientApplication },
};

const HEADERS = {
  authorization: `Bearer ${SECRETS.authorization}`,
  cookie: `session=${SECRETS.cookie}`,
  "user-agent": PERSONAL.username,
  "x-forwarded-for": PERSONAL.ipAddress,
};

/** Calls of all kinds: good ones, bad ones, and such as meet a failing ZITADEL. */
async function calls(url: string): Promise<Request[]> {
  const key = SECRETS.signingKey;
  const of = (organization: string) => ({
    ...CALL,
    org: { ...CALL.org, id: organization },
  });
  const event = {
    event_type: "org.metadata.set",
    aggregateID: "1",
    userID: PERSONAL.userId,
    event_payload: { key: PERSONAL.username, value: PERSONAL.metadata },
  };
  const bodies: [string, string?][] = [
    [JSON.stringify(CALL)],
    [JSON.stringify(CALL)],
    [JSON.stringify({ ...CALL, function: "function/presamlresponse" })],
    [JSON.stringify(of("forbidden"))],
    [JSON.stringify(of("broken"))],
    [JSON.stringify(event)],
    [JSON.stringify(CALL), SECRETS.otherSigningKey],
    [JSON.stringify(CALL).slice(0, -5)],
    [JSON.stringify({ ...CALL, user_grants: PERSONAL.email })],
    [JSON.stringify({ ...CALL, [PERSONAL.email]: 1, function: 1 })],
    [`${btoa(PERSONAL.email)}.${btoa(PERSONAL.userId)}.aa`],
    [`${btoa(PERSONAL.email)}.aa.bb.cc.dd`],
    [PERSONAL.email],
    [JSON.stringify(CALL)],
  ];
  const requests = await Promise.all(
    bodies.map(async ([body, by = key]) =>
      new Request(url, {
        method: "POST",
        body,
        headers: {
          ...HEADERS,
          "zitadel-signature": await signPayload(
            by,
            Math.floor(Date.now() / 1000),
            body,
          ),
        },
      })
    ),
  );
  const headers = { ...HEADERS, "zitadel-signature": SECRETS.signingKey };
  return [
    ...requests,
    new Request(url, { method: "POST", headers, body: PERSONAL.email }),
    new Request(url, { headers }),
    new Request(`${url}/${SECRETS.query}?token=${SECRETS.query}`, { headers }),
    new Request(`${url}/healthz`, { headers }),
  ];
}

/** A stand-in that fails for one organization, and quotes what it was sent. */
function startUpstream() {
  const upstream = createUpstream({
    organizations: {
      "1": {
        readable: true,
        metadata: { viewer: btoa('["posts:read"]'), odd: btoa("[1]") },
      },
      forbidden: { readable: false, metadata: {} },
    },
  });
  return Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      const body = await request.bytes();
      const text = new TextDecoder("latin1").decode(body);
      const { pathname } = new URL(request.url);
      if (pathname === "/oauth/v2/token") {
        return Response.json({
          error: "invalid_client",
          error_description: `${SECRETS.upstreamBody} ${text}`,
        }, { status: 400 });
      }
      if (text.includes("broken")) {
        return new Response(
          `${SECRETS.upstreamBody} ${request.headers.get("authorization")}`,
          { status: 500 },
        );
      }
      return upstream.fetch(
        new Request(request.url, {
          method: request.method,
          headers: request.headers,
          body,
        }),
      );
    },
  );
}

/** Takes what the function exports, and says when something came. */
function startCollector() {
  const received: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      received.push(await request.text());
      return Response.json({});
    },
  );
  return { server, received };
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

const SOUGHT = { ...SECRETS, ...PERSONAL, accessToken: UPSTREAM_TOKEN };

Deno.test("main.ts lets no secret and nothing personal out", async (t) => {
  await using upstream = startUpstream();
  const collector = startCollector();
  await using _collector = collector.server;
  const folder = await Deno.makeTempDir();
  const answers: string[] = [];
  const log: string[] = [];
  try {
    const credentials = [
      { ACCESS_TOKEN: UPSTREAM_TOKEN },
      {
        CLIENT_ID: SECRETS.clientId,
        CLIENT_SECRET: SECRETS.clientSecret,
      },
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
    await Promise.all(credentials.map(async (credential, index) => {
      await using process = await startFunction({
        env: {
          ZITADEL_DOMAIN: `http://127.0.0.1:${upstream.addr.port}`,
          AUTHORIZATION_SIGNING_KEY: SECRETS.signingKey,
          KV_URL: `${folder}/${index}.sqlite`,
          OTEL_DENO: "true",
          OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
          OTEL_EXPORTER_OTLP_ENDPOINT:
            `http://127.0.0.1:${collector.server.addr.port}`,
          ...credential as Record<string, string>,
        },
      });
      for (const request of await calls(process.url)) {
        const response = await fetch(request);
        const headers = JSON.stringify([...response.headers]);
        answers.push(`${response.status} ${headers} ${await response.text()}`);
      }
      await process.stop();
      log.push(...process.lines);
    }));
    const database = await readDatabases(folder);
    const exported = collector.received.join("\n");

    await t.step("all of it was seen", () => {
      const text = answers.join("\n");
      for (const status of [200, 400, 401, 404, 405, 502]) {
        assert.match(text, new RegExp(`^${status} `, "m"));
      }
      assert.match(text, /posts:read/);
      assert.match(log.join("\n"), /"outcome":"permissions"/);
      assert.match(log.join("\n"), /credential_rejected/);
      assert.match(exported, /permissions\.call\.duration/);
      assert.match(exported, /read organization metadata/);
      assert.match(database, /posts:read/);
    });
    const places = {
      answers: answers.join("\n"),
      log: log.join("\n"),
      "traces and metrics": exported,
      database,
    };
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

/** A DER value in base64 that holds a text and is no key. */
function derOf(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return Uint8Array.of(0x30, 0x81, bytes.length, ...bytes).toBase64();
}
