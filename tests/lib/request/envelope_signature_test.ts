import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
} from "jose";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { testEach } from "../../_test_each.ts";
import { fails } from "../_fails.ts";
import { createTestFunction } from "../_function.ts";
import { assertRefused } from "../_requests.ts";
import {
  base64url,
  foreign,
  instance,
  jwt,
  KEYS_URL,
  opener,
  ownKeys,
  PAYLOAD,
  publicJwk,
  sign,
} from "./_envelope.ts";

Deno.test("createEnvelopeOpener() verifies by each algorithm of ZITADEL's web keys", async (t) => {
  const rsa = await generateKeyPair("RS256", { extractable: true });
  const [publicRsa, privateRsa] = await Promise.all(
    [rsa.publicKey, rsa.privateKey].map(exportJWK),
  );
  const keysFor = async (alg: string) => ({
    publicKey: await importJWK({ ...publicRsa!, alg }) as CryptoKey,
    privateKey: await importJWK({ ...privateRsa!, alg }) as CryptoKey,
  });
  for (
    const alg of ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"]
  ) {
    await t.step(alg, async () => {
      const { publicKey, privateKey } = alg.startsWith("RS")
        ? await keysFor(alg)
        : await generateKeyPair(alg);
      const jwk = { ...await exportJWK(publicKey), kid: "1", alg };
      const { open } = await opener({ jwks: { keys: [jwk] } });
      const jws = await sign(PAYLOAD, { key: privateKey, alg });
      assert.deepEqual(await open(jws), PAYLOAD);
    });
  }
});

const [header, payload, signature] = (await sign()).split(".");
const spki = await exportSPKI(instance.publicKey);
const ps256 = await generateKeyPair("PS256");
const psJwk = { ...await exportJWK(ps256.publicKey), kid: "1", alg: "PS256" };
const embedded = await exportJWK(foreign.publicKey);

/** Signs by the foreign key, with more in the header. */
const forge = (more: object = {}) =>
  sign(PAYLOAD, { key: foreign.privateKey, ...more });

function hs256(secret: string): string {
  const head = base64url('{"alg":"HS256","kid":"1"}');
  const mac = createHmac("sha256", secret).update(`${head}.${payload}`);
  return `${head}.${payload}.${mac.digest("base64url")}`;
}

testEach(
  "createEnvelopeOpener() refuses a JWS that the instance did not sign",
  {
    "by a foreign key": await forge(),
    "by a foreign key of another id": await forge({ kid: "2" }),
    "by a key that it brings along": await forge({ jwk: embedded }),
    "by a key that it points to": await forge({
      jku: "https://elsewhere.example/keys",
    }),
    "with another payload": `${header}.${base64url('{"a":1}')}.${signature}`,
    "without a signature": `${header}.${payload}.`,
    "alg none": `${base64url('{"alg":"none"}')}.${payload}.`,
    "alg none with a key id": `${
      base64url('{"alg":"none","kid":"1"}')
    }.${payload}.`,
    "alg None": `${base64url('{"alg":"None","kid":"1"}')}.${payload}.`,
    "HS256 with the public key as PEM": hs256(spki),
    "HS256 with the public key as JWK": hs256(JSON.stringify(publicJwk)),
    "HS256 with nothing": hs256(""),
    "an algorithm that is not ZITADEL's": await sign(PAYLOAD, {
      key: ps256.privateKey,
      alg: "PS256",
    }),
  },
  async (text, name) => {
    const isPs256 = name.includes("not ZITADEL's");
    const jwks = isPs256 ? { keys: [publicJwk, psJwk] } : ownKeys;
    const { open, state } = await opener({ jwks });
    await assert.rejects(open(text), fails("invalid_signature"));
    assert.ok(state.fetches <= 1);
    assert.deepEqual(await open(await sign()), PAYLOAD);
  },
);

Deno.test("createEnvelopeOpener() fails when the instance's keys cannot be fetched", async () => {
  const { open } = await opener({
    fetch: () => Promise.resolve(new Response(null, { status: 500 })),
  });
  await assert.rejects(
    open(await sign()),
    fails("upstream_failed", "intercepted"),
  );
});

Deno.test("createHandler() refuses an access token in place of a payload", async () => {
  const file = new URL("recorded/oidc/client_credentials.json", FIXTURES_URL);
  const { response } = JSON.parse(await Deno.readTextFile(file));
  const { access_token } = JSON.parse(response.body);
  const asked: string[] = [];
  const { call, log } = await createTestFunction({
    fetch: (input) => {
      asked.push(String(input));
      return Promise.resolve(Response.json(jwt.jwks));
    },
  });
  const forged = await call(access_token, { key: "another" });
  await assertRefused(forged, "invalid_signature");
  assert.deepEqual(asked, []);
  await assertRefused(await call(access_token), "invalid_payload");
  assert.match(log.at(-1)!.message, /Unexpected payload/);
  assert.deepEqual(asked, [KEYS_URL]);
});
