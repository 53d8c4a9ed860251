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
import { type ExampleApi, expressApi, hasNode, honoApi } from "./_apis.ts";
import { SHAPES } from "./_shapes.ts";
import { getPosts, type Issuer, PROJECT, startIssuer } from "./_tokens.ts";

Deno.test("hono.ts accepts and refuses as RFC 6750 asks", async (t) => {
  await testApi(t, await honoApi());
});

Deno.test({
  name: "express.mjs accepts and refuses as RFC 6750 asks, on Node",
  ignore: !hasNode(),
  fn: async (t) => await testApi(t, await expressApi()),
});

async function testApi(t: Deno.TestContext, example: ExampleApi) {
  await using stack = new AsyncDisposableStack();
  stack.use(example);
  const issuer = stack.use(await startIssuer());
  const settings = { ISSUER: issuer.origin, AUDIENCE: PROJECT };
  const start = async (more: Record<string, string> = {}) =>
    stack.use(await example.start({ ...settings, ...more }));

  const api = await start();
  await testTokens(t, api, issuer);
  for (const { name, settings, cases } of SHAPES) {
    const api = await start(settings);
    await t.step(name, async () => {
      for (const { value, status } of cases) {
        const token = await issuer.sign({
          permissions: undefined,
          [settings.CLAIM ?? "permissions"]: value,
        });
        const answer = await getPosts(api, `Bearer ${token}`);
        assert.equal(answer.status, status, JSON.stringify(value));
      }
    });
  }
  await t.step("does not start without an audience", async () => {
    await assert.rejects(
      async () => await start({ AUDIENCE: "" }),
      /Set ISSUER and AUDIENCE/,
    );
  });
  await t.step(
    "401 to the issuer's key of another algorithm",
    () => testPinnedAlgorithm(start, issuer.alice.accessToken),
  );
  for (const [name, answer] of Object.entries(BROKEN_ISSUERS)) {
    await t.step(`answers 500 if ${name} instead of the keys`, async () => {
      await using issuerOfNone = serve(answer);
      const api = await start({ ISSUER: issuerOfNone.origin });
      const response = await fetch(`${api.origin}/posts`, {
        headers: { authorization: `Bearer ${issuer.alice.accessToken}` },
      });
      await response.body?.cancel();
      assert.equal(response.status, 500);
      assert.equal(response.headers.get("www-authenticate"), null);
    });
  }
}

/** A key that the issuer has, but of an algorithm that the API does not expect. */
async function testPinnedAlgorithm(
  start: (more: Record<string, string>) => Promise<ApiProcess>,
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

/** Answers that say nothing about a token. */
const BROKEN_ISSUERS = {
  "the issuer answers 503": () => new Response("", { status: 503 }),
  "a proxy answers a page": () => new Response("<h1>Hello</h1>"),
  "the issuer answers other JSON": () => Response.json({ keys: 1 }),
};

function serve(answer: () => Response): AsyncDisposable & { origin: string } {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    answer,
  );
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
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
    "what is not a token": ["V2_1-at_1", /JWS/],
  };
}
