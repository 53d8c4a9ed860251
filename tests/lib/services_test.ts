import assert from "node:assert/strict";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { readConfig } from "../../lib/config/settings.ts";
import type { LogEntry } from "../../lib/observability/log.ts";
import { createServices } from "../../lib/services.ts";
import { testEach } from "../_test_each.ts";
import { login, NOW, ORGANIZATION } from "./_function.ts";
import { KEY_FILE } from "./_settings.ts";
import { createTokenEndpoint, tokenAnswer } from "./_token_endpoint.ts";
import { keyFile } from "./zitadel/_access_token.ts";

async function preloaded(settings: Record<string, string>) {
  const upstream = createUpstream(login);
  const token = () => tokenAnswer(UPSTREAM_TOKEN);
  const { fetch } = createTokenEndpoint(token, upstream.fetch);
  const log: LogEntry[] = [];
  const config = readConfig({
    ZITADEL_DOMAIN: UPSTREAM_ORIGIN,
    AUTHORIZATION_SIGNING_KEY: login.signing_key,
    ...settings,
  });
  const services = await createServices(config, {
    deno: "2.9.6",
    fetch,
    now: () => NOW,
    log: (entry) => void log.push(entry),
  });
  assert.equal(upstream.requests, 0);
  await services.preload();
  const logged = log.map(({ level, reason, credential }) =>
    [level, reason, credential].join(" ").trim()
  );
  return { services, logged, requests: upstream.requests };
}

const expiring = { ...JSON.parse(KEY_FILE), expirationDate: new Date(NOW) };

testEach<[settings: Record<string, string>, ...logged: string[]]>(
  "createServices() preloads without asking ZITADEL when organizations vary",
  {
    "personal access token": [{ ACCESS_TOKEN: UPSTREAM_TOKEN }],
    "client credentials": [{ CLIENT_ID: "robot", CLIENT_SECRET: "secret" }],
    "key file": [{ SERVICE_ACCOUNT_KEY: KEY_FILE }],
    "key file that ends soon": [
      { SERVICE_ACCOUNT_KEY: JSON.stringify(expiring) },
      "warn expiring_credential",
    ],
  },
  async ([settings, ...expected]) => {
    const { logged, requests } = await preloaded(settings);
    assert.equal(requests, 0);
    assert.deepEqual(logged, expected);
  },
);

const FIXED = { METADATA_ORGANIZATION: ORGANIZATION };

testEach<Record<string, string>>(
  "createServices() preloads the mapping of a fixed organization, by each kind of credential",
  {
    "personal access token": { ACCESS_TOKEN: UPSTREAM_TOKEN },
    "client credentials": { CLIENT_ID: "robot", CLIENT_SECRET: "secret" },
    "key file": { SERVICE_ACCOUNT_KEY: keyFile().text },
  },
  async (credential) => {
    const { services, requests } = await preloaded({ ...credential, ...FIXED });
    assert.equal(requests, 1);
    const lookup = services.cache.get(ORGANIZATION);
    assert.ok(!(lookup instanceof Promise));
    assert.equal(lookup.source, "memory");
  },
);

Deno.test("createServices() logs a failed preload and goes on", async () => {
  const { logged } = await preloaded({ ACCESS_TOKEN: "refused", ...FIXED });
  assert.deepEqual(logged, ["error credential_rejected ACCESS_TOKEN"]);
});
