import assert from "node:assert/strict";
import {
  decodeJwt,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  SignJWT,
} from "jose";
import type { ApiProcess } from "../../../harness/demo/api_process.ts";
import { ownWebKey } from "../../../harness/sandbox/instance.ts";
import { copyExample, type ExampleName, hasNode, type Start } from "./_apis.ts";
import { serve, testApplications, testCors, testOutages } from "./_checks.ts";
import { testKinds } from "./_kinds.ts";
import { testShapes } from "./_shapes.ts";
import {
  getPosts,
  type Issuer,
  PROJECT,
  ROBOT,
  SHOP,
  startIssuer,
} from "./_tokens.ts";

Deno.test("hono.ts accepts and refuses as RFC 6750 asks", async (t) => {
  await testApi(t, "hono.ts");
});

Deno.test({
  name: "express.mjs accepts and refuses as RFC 6750 asks, on Node",
  ignore: !hasNode(),
  fn: async (t) => await testApi(t, "express.mjs"),
});

async function testApi(t: Deno.TestContext, name: ExampleName) {
  await using stack = new AsyncDisposableStack();
  const issuer = stack.use(await startIssuer());
  const { start } = stack.use(
    await copyExample(name, { ISSUER: issuer.origin, AUDIENCE: PROJECT }),
  );

  await testTokens(t, await start(), issuer);
  if (name === "hono.ts") await testKinds(t, await start(), issuer);
  await testShapes(
    t,
    start,
    (name, value) => issuer.sign({ permissions: undefined, [name]: value }),
  );
  await testApplications(t, start, await clients(issuer));
  await t.step("does not start without an audience", async () => {
    await assert.rejects(
      async () => await start({ AUDIENCE: "" }),
      /Set ISSUER and AUDIENCE/,
    );
  });
  await testIssuers(t, start, issuer);
  await t.step(
    "401 to the issuer's key of another algorithm",
    () => testPinnedAlgorithm(start, issuer.alice.accessToken),
  );
  await testOutages(t, start, issuer.alice.accessToken);
  await testCors(t, start);
}

/** Tokens of applications, and of a customer's own that asked for our audience. */
async function clients({ alice, robot, sign }: Issuer) {
  return {
    listed: {
      "an application": { client: SHOP, token: alice.accessToken },
      "a service user": { client: ROBOT, token: robot },
    },
    unlisted: {
      "another application": {
        client: "",
        token: await sign({ client_id: "390000000000000099" }),
      },
      "an application whose id begins like it": {
        client: "",
        token: await sign({ client_id: `${SHOP}0` }),
      },
    },
  };
}

/** The ways to write the issuer, of which a token names the origin. */
async function testIssuers(
  t: Deno.TestContext,
  start: Start,
  { origin, alice, sign }: Issuer,
) {
  const authorization = `Bearer ${alice.accessToken}`;
  await t.step(
    "200 to tokens of each of several domains, with a slash or without",
    async () => {
      const other = "https://login.example";
      const api = await start({ ISSUER: `${origin}/, ${other}/` });
      assert.equal((await getPosts(api, authorization)).status, 200);
      const token = await sign({ iss: other });
      assert.equal((await getPosts(api, `Bearer ${token}`)).status, 200);
      const third = await sign({ iss: "https://third.example" });
      assert.equal((await getPosts(api, `Bearer ${third}`)).status, 401);
    },
  );
}

/** A key that the issuer has, but of an algorithm that the API does not expect. */
async function testPinnedAlgorithm(
  start: Start,
  accessToken: string,
) {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = { ...await exportJWK(publicKey), kid: "1", alg: "ES256" };
  await using issuer = serve(() => Response.json({ keys: [jwk] }));
  const api = await start({ ISSUER: issuer.origin });
  const claims = { ...decodeJwt(accessToken), iss: issuer.origin };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: "ES256", kid: "1", typ: "JWT" })
    .sign(privateKey);
  const { status, message } = await getPosts(api, `Bearer ${token}`);
  assert.equal(status, 401);
  assert.match(message, /"alg"/);
}

async function testTokens(
  t: Deno.TestContext,
  api: ApiProcess,
  issuer: Issuer,
) {
  const { alice, elsewhere } = issuer;
  await t.step("200 to a token with the permission", async () => {
    const { status } = await getPosts(api, `Bearer ${alice.accessToken}`);
    assert.equal(status, 200);
    const lowerCase = await getPosts(api, `bearer ${alice.accessToken}`);
    assert.equal(lowerCase.status, 200);
  });
  for (const header of [undefined, "Basic YTpi", "Bearer", "Bearer a b"]) {
    await t.step(`401 to ${header ?? "no token"}`, async () => {
      const { status, challenge } = await getPosts(api, header);
      assert.equal(status, 401);
      assert.equal(challenge, 'Bearer realm="api"');
    });
  }
  await t.step("the ID token would do but for its kind", () => {
    const claims = decodeJwt(alice.idToken);
    assert.ok(claims.aud?.includes(PROJECT));
    assert.deepEqual(claims["permissions"], ["posts:read"]);
    assert.ok(!decodeJwt(elsewhere).aud?.includes(PROJECT));
  });
  const refused: Record<string, [token: string, message: RegExp]> = {
    "an ID token": [alice.idToken, /"jti"/],
    "an ID token to which a target added jti": [
      await issuer.sign({ ...decodeJwt(alice.idToken), jti: "V2_1-at_1" }),
      /Not an access token/,
    ],
    "another audience": [elsewhere, /"aud"/],
    "an expired token": [
      await issuer.sign({ exp: Math.floor(Date.now() / 1000) - 60 }),
      /"exp"/,
    ],
    "a token without an end": [await issuer.sign({ exp: undefined }), /"exp"/],
    "another issuer": [await issuer.sign({ iss: "http://other" }), /"iss"/],
    ...await forgeries(alice.accessToken),
  };
  for (const [name, [token, message]] of Object.entries(refused)) {
    await t.step(`401 to ${name}`, async () => {
      const answer = await getPosts(api, `Bearer ${token}`);
      assert.equal(answer.status, 401);
      assert.equal(answer.challenge, 'Bearer error="invalid_token"');
      assert.match(answer.message, message);
    });
  }
  const lacking = {
    "a token without the claim": undefined,
    "a token without the permission": ["posts:write"],
  };
  for (const [name, permissions] of Object.entries(lacking)) {
    await t.step(`403 to ${name}`, async () => {
      const token = await issuer.sign({ permissions });
      assert.deepEqual(await getPosts(api, `Bearer ${token}`), {
        status: 403,
        challenge: 'Bearer error="insufficient_scope", scope="posts:read"',
        message: "Missing permission: posts:read",
      });
    });
  }
}

/** Tokens with the right claims that the issuer did not sign. */
async function forgeries(
  accessToken: string,
): Promise<Record<string, [token: string, message: RegExp]>> {
  const claims = decodeJwt(accessToken);
  const [header, payload, signature] = accessToken.split(".");
  const { kid, publicJwk } = await ownWebKey();
  const publicKey = await importJWK(publicJwk, "RS256", { extractable: true });
  const pem = await exportSPKI(publicKey as CryptoKey);
  const { privateKey } = await generateKeyPair("RS256");
  const sign = (alg: string, key: CryptoKey | Uint8Array, id: string) =>
    new SignJWT(claims).setProtectedHeader({ alg, kid: id, typ: "JWT" })
      .sign(key);
  const none = btoa('{"alg":"none","typ":"JWT"}').replaceAll("=", "");
  const changed = btoa(JSON.stringify({ ...claims, sub: "1" }))
    .replaceAll("=", "");
  return {
    "another issuer's key": [await sign("RS256", privateKey, kid), /signature/],
    "a key that the issuer does not have": [
      await sign("RS256", privateKey, "unknown"),
      /no applicable key/,
    ],
    "the public key as a shared secret": [
      await sign("HS256", new TextEncoder().encode(pem), kid),
      /"alg"/,
    ],
    "alg: none": [`${none}.${payload}.`, /"alg"/],
    "alg: none with a signature": [`${none}.${payload}.${signature}`, /"alg"/],
    "changed claims": [`${header}.${changed}.${signature}`, /signature/],
    "an opaque token": ["V2_1-at_1", /opaque.*token type to JWT/],
    "what is not a token": ["a.b.c", /JWS/],
  };
}
