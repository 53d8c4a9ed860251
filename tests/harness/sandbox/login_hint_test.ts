import assert from "node:assert/strict";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";

const CLIENT_ID = "390000000000000022";
const REDIRECT_URI = "http://localhost:9000/callback";

Deno.test("the login page needs no click if the client names a person", async (t) => {
  await using sandbox = await startSandbox();
  const authorize = async (parameters: Record<string, string>) => {
    const url = new URL("/oauth/v2/authorize", sandbox.origin);
    url.search = new URLSearchParams({
      client_id: CLIENT_ID,
      redirect_uri: REDIRECT_URI,
      response_type: "code",
      scope: "openid",
      ...parameters,
    }).toString();
    const begun = await fetch(url, { redirect: "manual" });
    await begun.body?.cancel();
    const login = new URL(begun.headers.get("location")!, sandbox.origin);
    const response = await fetch(login, { redirect: "manual" });
    const text = await response.text();
    return { location: response.headers.get("location") ?? "", text };
  };

  await t.step("a person", async () => {
    const { location } = await authorize({ login_hint: "bob" });
    assert.ok(location.startsWith(`${REDIRECT_URI}?code=`), location);
  });
  for (
    const parameters of [
      {},
      { login_hint: "unknown" },
      { login_hint: "ci-runner" },
      { prompt: "select_account" },
    ]
  ) {
    await t.step(JSON.stringify(parameters), async () => {
      const { location, text } = await authorize(parameters);
      assert.equal(location, "");
      assert.match(text, /Who are you\?/);
    });
  }
});
