import assert from "node:assert/strict";
import * as client from "openid-client";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";

const WEB_SHOP = "390000000000000022";
const ORDERS_API = "390000000000000026";
const ALICE = "390000000000000041";
const REDIRECT_URI = "http://localhost:9000/callback";

/** Chooses a user on the login page, as a browser without JavaScript does. */
async function chooseUser(authorize: URL, user: string): Promise<URL> {
  const asked = await fetch(authorize, { redirect: "manual" });
  await asked.body?.cancel();
  assert.equal(asked.status, 303);
  const loginUrl = new URL(asked.headers.get("location")!, authorize);
  const page = await (await fetch(loginUrl)).text();
  assert.match(page, new RegExp(`<button name="user"\\s+value="${user}">`));
  assert.doesNotMatch(page, /<script/);
  const hidden = /name="authRequest" value="([^"]+)"/.exec(page);
  const chosen = await fetch(new URL("/ui/v2/login/login", authorize), {
    method: "POST",
    body: new URLSearchParams({ authRequest: hidden![1]!, user }),
    redirect: "manual",
  });
  await chosen.body?.cancel();
  assert.equal(chosen.status, 303);
  return new URL(chosen.headers.get("location")!);
}

Deno.test("startSandbox() serves openid-client", async (t) => {
  await using sandbox = await startSandbox();
  const discover = (clientId: string, authentication: client.ClientAuth) =>
    client.discovery(
      new URL(sandbox.origin),
      clientId,
      undefined,
      authentication,
      { execute: [client.allowInsecureRequests] },
    );
  const shop = await discover(WEB_SHOP, client.None());
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const authorize = client.buildAuthorizationUrl(shop, {
    redirect_uri: REDIRECT_URI,
    scope: "openid profile email offline_access",
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  });
  const redeem = async (pkceCodeVerifier: string) =>
    await client.authorizationCodeGrant(
      shop,
      await chooseUser(authorize, ALICE),
      { pkceCodeVerifier, expectedState: state, expectedNonce: nonce },
    );
  const tokens = await redeem(verifier);

  await t.step("code and PKCE get the user's tokens", () => {
    assert.equal(tokens.claims()?.sub, ALICE);
    assert.equal(tokens.claims()?.nonce, nonce);
    assert.equal(tokens.access_token.split(".").length, 3);
  });
  await t.step("a wrong verifier gets nothing", async () => {
    const other = client.randomPKCECodeVerifier();
    await assert.rejects(redeem(other), { error: "invalid_grant" });
  });
  await t.step("a refresh token gives new tokens, once", async () => {
    const renew = () => client.refreshTokenGrant(shop, tokens.refresh_token!);
    const fresh = await renew();
    assert.notEqual(fresh.access_token, tokens.access_token);
    assert.notEqual(fresh.refresh_token, tokens.refresh_token);
    await assert.rejects(renew(), { error: "invalid_grant" });
  });
  await t.step("introspection accepts the token and no other", async () => {
    const secret = client.ClientSecretBasic("sandbox-orders-api");
    const api = await discover(ORDERS_API, secret);
    const known = await client.tokenIntrospection(api, tokens.access_token);
    assert.equal(known.active, true);
    assert.equal(known.username, "alice");
    const jti = String(known["jti"]);
    for (const other of [`${tokens.access_token}x`, jti, "nothing"]) {
      const { active } = await client.tokenIntrospection(api, other);
      assert.equal(active, false, other);
    }
    sandbox.world.accessTokens.get(jti)!.expiresAt = Date.now() / 1000 - 1;
    const late = await client.tokenIntrospection(api, tokens.access_token);
    assert.equal(late.active, false, "expired");
  });
  await t.step("a logout may return to an allowed address only", async () => {
    const end = async (post_logout_redirect_uri: string) => {
      const logout = { post_logout_redirect_uri };
      const response = await fetch(client.buildEndSessionUrl(shop, logout));
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await end("http://localhost:9000/"), 200);
    assert.equal(await end("http://evil.example/"), 400);
  });
});
