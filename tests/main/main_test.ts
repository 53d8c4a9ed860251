import assert from "node:assert/strict";
import {
  type FunctionProcess,
  startFunction,
} from "../../harness/function/function_process.ts";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { SETTINGS } from "../../lib/config/settings.ts";
import { signPayload } from "../../harness/util/sign_payload.ts";
import { login } from "../lib/_function.ts";
import { findCanaries, SECRETS } from "./_canaries.ts";

const RIGHT = {
  ZITADEL_DOMAIN: "zitadel.example",
  AUTHORIZATION_SIGNING_KEY: login.signing_key,
  ACCESS_TOKEN: UPSTREAM_TOKEN,
  // No test may find what another, or a developer, left in the local database.
  KV_URL: ":memory:",
  // A busy machine is not what these tests are about.
  UPSTREAM_TIMEOUT_MS: "30000",
};

/** Starts `main.ts` with no permission that it does not need. */
function start(
  env: Record<string, string>,
  { permissions = [] }: { permissions?: string[] } = {},
): Promise<FunctionProcess> {
  return startFunction({
    env,
    permissions: [
      `--allow-env=${Object.keys(SETTINGS).join(",")}`,
      "--allow-net=127.0.0.1",
      ...permissions,
    ],
  });
}

/** A ZITADEL on loopback that has the recorded metadata. */
function serveUpstream() {
  const upstream = createUpstream(login);
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    ({ url, method, headers, body }) =>
      upstream.fetch(url, { method, headers, body }),
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  return { origin, [Symbol.asyncDispose]: () => server.shutdown() };
}

async function call(url: string): Promise<{ status: number; body: unknown }> {
  const { body } = login.request;
  const seconds = Math.floor(Date.now() / 1000);
  const signature = await signPayload(login.signing_key, seconds, body);
  const headers = { "zitadel-signature": signature };
  const response = await fetch(url, { method: "POST", headers, body });
  return { status: response.status, body: await response.json() };
}

/** Ends a process, and returns its log: it wrote nothing else. */
async function logOf(
  process: FunctionProcess,
): Promise<Record<string, unknown>[]> {
  assert.equal(await process.stop(), 0);
  return process.lines.map((line) => JSON.parse(line));
}

Deno.test("main.ts names what is wrong with its settings, quotes none of them, and does not start", async () => {
  const { otherSigningKey: unusable } = SECRETS;
  const cases: [settings: Record<string, string>, named: string[]][] = [
    [{}, ["ZITADEL_DOMAIN", "AUTHORIZATION_SIGNING_KEY", "ACCESS_TOKEN"]],
    [
      { ...RIGHT, ZITADEL_DOMAIN: "", AUTHORIZATION_SIGNING_KEY: "" },
      ["ZITADEL_DOMAIN", "AUTHORIZATION_SIGNING_KEY"],
    ],
    [
      {
        ZITADEL_DOMAIN: `https://${SECRETS.query}/${SECRETS.query}`,
        AUTHORIZATION_SIGNING_KEY:
          `${SECRETS.signingKey},,${SECRETS.signingKey}`,
        ACCESS_TOKEN: `${SECRETS.authorization} with spaces`,
        CLIENT_ID: SECRETS.clientId,
        CLIENT_SECRET: SECRETS.clientSecret,
        SERVICE_ACCOUNT_KEY: SECRETS.serviceAccountKey,
        PERMISSIONS_CLAIM: "sub",
        PAYLOAD_PRIVATE_KEY: SECRETS.otherSigningKey,
        CACHE_FRESH_SECONDS: SECRETS.cookie,
        PORT: SECRETS.cookie,
      },
      [
        "ZITADEL_DOMAIN",
        "AUTHORIZATION_SIGNING_KEY",
        "ACCESS_TOKEN, CLIENT_ID and CLIENT_SECRET, SERVICE_ACCOUNT_KEY",
        "PERMISSIONS_CLAIM",
        "PAYLOAD_PRIVATE_KEY",
        "CACHE_FRESH_SECONDS",
        "PORT",
      ],
    ],
    ...[
      `{"kty":"RSA","d":"${unusable}","n":"x","e":"AQAB"}`,
      `-----BEGIN PRIVATE KEY-----\n${unusable}\n-----END PRIVATE KEY-----`,
    ].map((key): [Record<string, string>, string[]] => [
      { ...RIGHT, PAYLOAD_PRIVATE_KEY: key },
      ["PAYLOAD_PRIVATE_KEY"],
    ]),
  ];
  await Promise.all(
    cases.map(([settings, named]) =>
      assert.rejects(start(settings), ({ message }: Error) => {
        // Remarks on the settings are logged before, as JSON.
        const [end, first, ...others] = message.split("\n")
          .filter((line) => !line.startsWith("{"));
        assert.match(end!, /it ended with exit code 1$/);
        assert.match(first!, /^Cannot start: /);
        assert.doesNotMatch(others.join("\n"), /Cannot start|^ +at /m);
        for (const setting of named) assert.ok(message.includes(setting));
        assert.deepEqual(
          findCanaries(message, { ...SECRETS, token: UPSTREAM_TOKEN }),
          [],
        );
        return true;
      })
    ),
  );
});

Deno.test("main.ts answers a call with no permission but its settings and the network", async () => {
  await using upstream = serveUpstream();
  await using running = await start({
    ...RIGHT,
    ZITADEL_DOMAIN: upstream.origin,
    KV_URL: "http://127.0.0.1:1",
  });
  assert.deepEqual(await call(running.url), login.expected);
  const health = await fetch(new URL("/healthz", running.url));
  assert.deepEqual(await health.json(), { status: "ok" });
  const log = await logOf(running);
  const [kv] = log.filter(({ message }) => /KV/.test(String(message)));
  assert.equal(kv?.level, "warn");
  assert.match(String(kv?.remedy), /KV_URL/);
  assert.equal(log[0]?.setting, "METADATA_ORGANIZATION=user");
  const answered = log.at(-1);
  assert.equal(answered?.message, "Answered");
  assert.equal(answered?.source, "zitadel");
  assert.match(String(answered?.time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

Deno.test("main.ts writes no line but its start line for a good call at LOG_LEVEL=warn", async () => {
  await using upstream = serveUpstream();
  await using running = await start({
    ...RIGHT,
    ZITADEL_DOMAIN: upstream.origin,
    LOG_LEVEL: "warn",
  });
  assert.deepEqual(await call(running.url), login.expected);
  assert.deepEqual(
    (await logOf(running)).filter(({ level }) => level === "info")
      .map(({ message }) => message),
    ["Listening"],
  );
});

Deno.test("main.ts finds in Deno KV what another process read", async () => {
  await using upstream = serveUpstream();
  const folder = await Deno.makeTempDir();
  const settings = {
    ...RIGHT,
    ZITADEL_DOMAIN: upstream.origin,
    KV_URL: `${folder}/kv`,
  };
  const permissions = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  try {
    for (const source of ["zitadel", "kv"]) {
      await using running = await start(settings, { permissions });
      assert.deepEqual(await call(running.url), login.expected);
      await mappingIn(settings.KV_URL);
      const log = await logOf(running);
      assert.equal(log.at(-1)?.source, source);
      assert.ok(log.every(({ level }) => level === "info"));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Waits until a database holds a mapping, which is written after the reply. */
async function mappingIn(path: string): Promise<void> {
  using kv = await Deno.openKv(path);
  const prefix = ["role_permissions"];
  while ((await Array.fromAsync(kv.list({ prefix }))).length === 0);
}
