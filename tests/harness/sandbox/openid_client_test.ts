import assert from "node:assert/strict";
import * as client from "openid-client";
import { startSandbox } from "../../../harness/sandbox/sandbox.ts";

const WEB_SHOP = "390000000000000022";
const ORDERS_API = "390000000000000026";
const ALICE = "390000000000000041";
const REDIRECT_URI = "http://localhost:9000/callback";
const INSECURE = { execute: [client.allowInsecureRequests] };

/** Chooses a user on the login page, as a browser without JavaScript does. */
async function chooseUser(authorize: URL, user: string): Promise<URL> {
  const asked = await fetch(authorize, { redirect: "manual" });
  await asked.body?.cancel();
  assert.equal(asked.status, 302);
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
  const issuer = new URL(sandbox.origin);
  const shop = await client.discovery(
    issuer,
    WEB_SHOP,
    undefined,
    client.None(),
    INSECURE,
  );
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
  const tokens = await client.authorizationCodeGrant(
    shop,
    await chooseUser(authorize, ALICE),
    { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce },
  );

  await t.step("code and PKCE get the user's tokens", () => {
    assert.equal(tokens.claims()?.sub, ALICE);
    assert.equal(tokens.claims()?.nonce, nonce);
    assert.equal(tokens.access_token.split(".").length, 3);
  });
  await t.step("userinfo returns profile and roles", async () => {
    const claims = await client.fetchUserInfo(shop, tokens.access_token, ALICE);
    assert.equal(claims.name, "Alice Åström");
    assert.deepEqual(
      Object.keys(claims["urn:zitadel:iam:org:project:roles"] as object),
      ["admin", "viewer"],
    );
  });
  await t.step("a refresh token gives new tokens, once", async () => {
    const fresh = await client.refreshTokenGrant(shop, tokens.refresh_token!);
    assert.notEqual(fresh.access_token, tokens.access_token);
    assert.notEqual(fresh.refresh_token, tokens.refresh_token);
    await assert.rejects(
      client.refreshTokenGrant(shop, tokens.refresh_token!),
      { error: "invalid_request" },
    );
  });
  await t.step("introspection accepts the token and no other", async () => {
    const api = await client.discovery(
      issuer,
      ORDERS_API,
      undefined,
      client.ClientSecretBasic("sandbox-orders-api"),
      INSECURE,
    );
    const known = await client.tokenIntrospection(api, tokens.access_token);
    assert.equal(known.active, true);
    assert.equal(known.username, "alice");
    const jti = String(known["jti"]);
    for (const other of [`${tokens.access_token}x`, jti, "nothing"]) {
      const { active } = await client.tokenIntrospection(api, other);
      assert.equal(active, false, other);
    }
  });
  await t.step(
    "a service user gets a token by client credentials",
    async () => {
      const robot = await client.discovery(
        issuer,
        "ci-runner",
        undefined,
        client.ClientSecretPost("sandbox-ci-runner"),
        INSECURE,
      );
      const { access_token: token } = await client.clientCredentialsGrant(
        robot,
        {
          scope: "openid",
        },
      );
      assert.equal(token.split(".").length, 3);
    },
  );
  await t.step("a wrong verifier gets nothing", async () => {
    await assert.rejects(
      client.authorizationCodeGrant(
        shop,
        await chooseUser(authorize, ALICE),
        {
          pkceCodeVerifier: client.randomPKCECodeVerifier(),
          expectedState: state,
          expectedNonce: nonce,
        },
      ),
      { error: "invalid_request" },
    );
  });
  await t.step("a logout redirects to an allowed address", async () => {
    const url = client.buildEndSessionUrl(shop, {
      post_logout_redirect_uri: "http://localhost:9000/",
      state: "over",
    });
    const response = await fetch(url, { redirect: "manual" });
    await response.body?.cancel();
    assert.equal(
      response.headers.get("location"),
      "http://localhost:9000/?state=over",
    );
    url.searchParams.delete("client_id");
    url.searchParams.set("id_token_hint", tokens.id_token!);
    const hinted = await fetch(url, { redirect: "manual" });
    await hinted.body?.cancel();
    assert.equal(hinted.status, 302);
    url.searchParams.set("post_logout_redirect_uri", "http://evil.example/");
    const refused = await fetch(url, { redirect: "manual" });
    await refused.body?.cancel();
    assert.equal(refused.status, 400);
  });
});
