import assert from "node:assert/strict";
import {
  createUpstream,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { createTestFunction, login, loginPayload } from "./_function.ts";
import { pem } from "./zitadel/_access_token.ts";
import {
  createTokenEndpoint,
  readTokenAnswer,
  tokenAnswer,
} from "./_token_endpoint.ts";

/** A function with one of the credentials, and a token endpoint. */
async function functionWith(
  settings: Record<string, string>,
  answer: (index: number) => Response,
) {
  const upstream = createUpstream(login);
  const endpoint = createTokenEndpoint(answer, upstream.fetch);
  const { call, log } = await createTestFunction({
    settings: { ACCESS_TOKEN: "", ...settings },
    fetch: endpoint.fetch,
  });
  return { call, log, upstream, endpoint };
}

const BY_SECRET = { CLIENT_ID: "reader", CLIENT_SECRET: "canary-secret" };
const BY_KEY = {
  SERVICE_ACCOUNT_KEY: JSON.stringify({
    type: "serviceaccount",
    keyId: "7",
    key: pem("pkcs1"),
    userId: "8",
  }),
};

Deno.test("createHandler() reads metadata by each kind of credential", async (t) => {
  for (
    const [name, settings] of [
      ["client credentials", BY_SECRET],
      ["JWT profile", BY_KEY],
    ] as const
  ) {
    await t.step(name, async () => {
      const { call, endpoint } = await functionWith(
        settings,
        () => tokenAnswer(UPSTREAM_TOKEN),
      );
      assert.equal((await call(loginPayload())).status, 200);
      assert.equal(endpoint.requests.length, 1);
    });
  }
});

Deno.test("createHandler() says which credential is refused and what to do", async (t) => {
  for (
    const [name, settings] of [
      ["CLIENT_SECRET", BY_SECRET],
      ["SERVICE_ACCOUNT_KEY", BY_KEY],
    ] as const
  ) {
    await t.step(name, async () => {
      const answer = await readTokenAnswer("client_credentials_wrong_secret");
      const { call, log, upstream } = await functionWith(settings, answer);
      const response = await call(loginPayload());
      assert.equal(response.status, 502);
      assert.equal(await response.text(), '{"error":"upstream_failed"}');
      assert.equal(upstream.requests, 0);
      assert.equal(log.length, 1);
      const [entry] = log;
      assert.match(String(entry?.credential), RegExp(name));
      assert.ok(entry?.remedy);
      assert.doesNotMatch(JSON.stringify(log), /canary|PRIVATE KEY/);
    });
  }
});
