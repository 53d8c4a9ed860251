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
import { CANARY } from "./_canaries.ts";
import { login } from "../lib/_function.ts";
import { ENV, serve, signed } from "./_loopback.ts";

const RIGHT = {
  ...ENV,
  ZITADEL_DOMAIN: "zitadel.example",
  AUTHORIZATION_SIGNING_KEY: login.signing_key,
};

/** Starts `main.ts` with no permission that it does not need. */
function start(
  env: Record<string, string>,
  ...permissions: string[]
): Promise<FunctionProcess> {
  const names = Object.keys(SETTINGS).join(",");
  const least = [`--allow-env=${names}`, "--allow-net=127.0.0.1"];
  return startFunction({ env, permissions: [...least, ...permissions] });
}

/** A ZITADEL on loopback that has the recorded metadata. */
const serveZitadel = () => serve(createUpstream(login).fetch);

/** Sends the recorded login, and gives what was logged until the process ended. */
async function logOfLogin(
  running: FunctionProcess,
  beforeEnd = () => Promise.resolve(),
): Promise<Record<string, unknown>[]> {
  const { body } = login.request;
  const call = await signed(running.url, login.signing_key, body);
  const response = await fetch(call);
  const answer = { status: response.status, body: await response.json() };
  assert.deepEqual(answer, login.expected);
  await beforeEnd();
  assert.equal(await running.stop(), 0);
  // It wrote nothing else.
  return running.lines.map((line) => JSON.parse(line));
}

const UNUSABLE = [
  '{"kty":"RSA","d":"canary","n":"x","e":"AQAB"}',
  "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
];

/** Settings that stop the start, and the settings that the message names. */
const REFUSED: [settings: Record<string, string>, ...named: string[]][] = [
  [{}, "ZITADEL_DOMAIN", "AUTHORIZATION_SIGNING_KEY", "ACCESS_TOKEN"],
  [
    {
      ZITADEL_DOMAIN: "https://canary/canary",
      AUTHORIZATION_SIGNING_KEY: "canary,,canary",
      ACCESS_TOKEN: "canary with spaces",
      CLIENT_ID: "canary",
      CLIENT_SECRET: "canary",
      SERVICE_ACCOUNT_KEY: "canary",
      CACHE_FRESH_SECONDS: "canary",
      PAYLOAD_PRIVATE_KEY: "canary",
    },
    "ZITADEL_DOMAIN",
    "AUTHORIZATION_SIGNING_KEY",
    "ACCESS_TOKEN, CLIENT_ID and CLIENT_SECRET, SERVICE_ACCOUNT_KEY",
    "CACHE_FRESH_SECONDS",
    "PAYLOAD_PRIVATE_KEY",
  ],
  ...UNUSABLE.map((key): [Record<string, string>, string] => [
    { ...RIGHT, PAYLOAD_PRIVATE_KEY: key },
    "PAYLOAD_PRIVATE_KEY",
  ]),
];

Deno.test("main.ts names what is wrong with its settings, quotes none of them, and does not start", async () => {
  await Promise.all(
    REFUSED.map(([settings, ...named]) =>
      assert.rejects(start(settings), ({ message }: Error) => {
        // Remarks on the settings are logged before, as JSON.
        const [end, first, ...others] = message.split("\n")
          .filter((line) => !line.startsWith("{"));
        assert.match(end!, /it ended with exit code 1$/);
        assert.match(first!, /^Cannot start: /);
        assert.doesNotMatch(others.join("\n"), /Cannot start|^ +at /m);
        for (const setting of named) assert.ok(message.includes(setting));
        assert.doesNotMatch(message, CANARY);
        assert.ok(!message.includes(UPSTREAM_TOKEN));
        return true;
      })
    ),
  );
});

Deno.test("main.ts answers a call with no permission but its settings and the network", async () => {
  await using upstream = serveZitadel();
  await using running = await start({
    ...RIGHT,
    ZITADEL_DOMAIN: upstream.origin,
    KV_URL: "http://127.0.0.1:1",
  });
  const health = await fetch(new URL("/healthz", running.url));
  assert.deepEqual(await health.json(), { status: "ok" });
  const log = await logOfLogin(running);
  assert.equal(log[0]?.setting, "METADATA_ORGANIZATION=user");
  const kv = log.find(({ message }) => /KV/.test(String(message)));
  assert.equal(kv?.level, "warn");
  assert.match(String(kv?.remedy), /KV_URL/);
  const { message, source, time } = log.at(-1)!;
  assert.deepEqual([message, source], ["Answered", "zitadel"]);
  assert.match(String(time), /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
});

Deno.test("main.ts writes no line but its start line for a good call at LOG_LEVEL=warn", async () => {
  await using upstream = serveZitadel();
  const ZITADEL_DOMAIN = upstream.origin;
  await using running = await start({
    ...RIGHT,
    ZITADEL_DOMAIN,
    LOG_LEVEL: "warn",
  });
  const log = await logOfLogin(running);
  const lines = log.filter(({ level }) => level === "info");
  assert.deepEqual(lines.map(({ message }) => message), ["Listening"]);
});

Deno.test("main.ts finds in Deno KV what another process read", async () => {
  await using upstream = serveZitadel();
  const folder = await Deno.makeTempDir();
  const KV_URL = `${folder}/kv`;
  const settings = { ...RIGHT, ZITADEL_DOMAIN: upstream.origin, KV_URL };
  const permissions = [`--allow-read=${folder}`, `--allow-write=${folder}`];
  try {
    for (const source of ["zitadel", "kv"]) {
      await using running = await start(settings, ...permissions);
      // The mapping is written after the reply.
      const log = await logOfLogin(running, async () => {
        using kv = await Deno.openKv(KV_URL);
        const mappings = () => kv.list({ prefix: ["role_permissions"] });
        while ((await Array.fromAsync(mappings())).length === 0);
      });
      assert.equal(log.at(-1)?.source, source);
      assert.ok(log.every(({ level }) => level === "info"));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
