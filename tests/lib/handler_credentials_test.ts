import assert from "node:assert/strict";
import {
  createUpstream,
  UPSTREAM_ORIGIN,
  UPSTREAM_TOKEN,
} from "../../harness/sandbox/upstream.ts";
import { testEach } from "../_test_each.ts";
import { createTestFunction, login, loginPayload } from "./_function.ts";
import { createTokenEndpoint, tokenAnswer } from "./_token_endpoint.ts";
import { pem } from "./zitadel/_access_token.ts";

const SETTINGS: Record<string, Record<string, string>> = {
  "CLIENT_ID and CLIENT_SECRET": {
    CLIENT_ID: "reader",
    CLIENT_SECRET: "canary-secret",
  },
  SERVICE_ACCOUNT_KEY: {
    SERVICE_ACCOUNT_KEY: JSON.stringify({
      type: "serviceaccount",
      keyId: "7",
      key: pem("pkcs1"),
      userId: "8",
    }),
  },
};

/** A function with one of the credentials, and a token endpoint. */
async function functionWith(
  settings: Record<string, string>,
  answer: (index: number) => Response,
) {
  const upstream = createUpstream(login);
  const { fetch, requests } = createTokenEndpoint(answer, upstream.fetch);
  const tested = await createTestFunction({
    settings: { ACCESS_TOKEN: "", ...settings },
    fetch,
  });
  return { ...tested, upstream, requests };
}

testEach(
  "createHandler() reads metadata by each kind of credential",
  SETTINGS,
  async (settings) => {
    const answer = () => tokenAnswer(UPSTREAM_TOKEN);
    const { call, requests } = await functionWith(settings, answer);
    assert.equal((await call(loginPayload())).status, 200);
    assert.equal(requests.length, 1);
  },
);

Deno.test("createHandler() names the token that ZITADEL refuses, and the instance that it cannot reach", async () => {
  const settings = { ACCESS_TOKEN: "another" };
  const { call, log } = await createTestFunction({ settings });
  await call(loginPayload());
  assert.match(log[0]!.message, /refused the service user's credential$/);
  assert.equal(log[0]!.credential, "ACCESS_TOKEN");
  const fetch = () => Promise.reject(new TypeError("refused"));
  const unreachable = await createTestFunction({ fetch });
  await unreachable.call(loginPayload());
  assert.equal(unreachable.log[0]!.zitadel, UPSTREAM_ORIGIN);
  assert.equal(unreachable.log[0]!.error, "refused");
});
