import assert from "node:assert/strict";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { readConfig } from "../../lib/config/settings.ts";
import type { LogEntry } from "../../lib/observability/log.ts";
import { createServices } from "../../lib/services.ts";
import { login, NOW, ORGANIZATION } from "./_function.ts";
import { KEY_FILE } from "./_settings.ts";

async function preloaded(
  settings: Record<string, string>,
  send = createUpstream(login).fetch,
) {
  let requests = 0;
  const log: LogEntry[] = [];
  const services = await createServices(
    readConfig({
      ZITADEL_DOMAIN: UPSTREAM_ORIGIN,
      AUTHORIZATION_SIGNING_KEY: login.signing_key,
      ...settings,
    }),
    {
      deno: "2.9.6",
      fetch: (input, init) => {
        requests++;
        return send(input, init);
      },
      now: () => NOW,
      log: (entry) => void log.push(entry),
    },
  );
  assert.equal(requests, 0);
  await services.preload();
  return { services, log, requests: () => requests };
}

Deno.test("createServices() preloads without asking ZITADEL when organizations vary", async (t) => {
  const credentials = {
    "personal access token": { ACCESS_TOKEN: UPSTREAM_TOKEN },
    "client credentials": { CLIENT_ID: "robot", CLIENT_SECRET: "secret" },
    "key file": { SERVICE_ACCOUNT_KEY: KEY_FILE },
  };
  for (const [name, settings] of Object.entries(credentials)) {
    await t.step(name, async () => {
      const { log, requests } = await preloaded(settings);
      assert.equal(requests(), 0);
      assert.deepEqual(log, []);
    });
  }
});

Deno.test("createServices() preloads the mapping of a fixed organization", async () => {
  const { services, requests } = await preloaded({
    ACCESS_TOKEN: UPSTREAM_TOKEN,
    METADATA_ORGANIZATION: ORGANIZATION,
  });
  assert.equal(requests(), 1);
  const lookup = services.cache.get(ORGANIZATION);
  assert.ok(!(lookup instanceof Promise));
  assert.equal(lookup.source, "memory");
});

Deno.test("createServices() logs a failed preload and goes on", async () => {
  const { log } = await preloaded(
    { ACCESS_TOKEN: "refused", METADATA_ORGANIZATION: ORGANIZATION },
  );
  assert.deepEqual(log.map(({ level, reason }) => [level, reason]), [
    ["error", "credential_rejected"],
  ]);
});

Deno.test("createServices() reports a key that ends soon when it preloads", async () => {
  const file = { ...JSON.parse(KEY_FILE), expirationDate: new Date(NOW) };
  const { log } = await preloaded({
    SERVICE_ACCOUNT_KEY: JSON.stringify(file),
  });
  assert.deepEqual(log.map(({ reason }) => reason), ["expiring_credential"]);
});
