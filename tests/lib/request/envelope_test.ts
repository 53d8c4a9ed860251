import assert from "node:assert/strict";
import {
  type CryptoKey,
  exportJWK,
  exportPKCS8,
  generateKeyPair,
  importJWK,
  type JWK,
} from "jose";
import type { Fixture } from "../../../harness/fixtures/fixture.ts";
import type { ErrorCode } from "../../../lib/errors.ts";
import { testEach } from "../../_test_each.ts";
import { fails } from "../_fails.ts";
import { createTestFunction } from "../_function.ts";
import {
  ecJwk,
  encoder,
  encrypt,
  foreign,
  jweEc,
  jweRsa,
  jwt,
  kidOf,
  opener,
  PAYLOAD,
  publicHalf,
  rsaJwk,
  sign,
} from "./_envelope.ts";

Deno.test("createEnvelopeOpener() opens JSON at once", async () => {
  const { openBody, state } = await opener();
  // The last is what a decoder writes for malformed bytes, and here is meant.
  for (const a of ["é", "\ufffd"]) {
    for (const text of [`{"a":"${a}"}`, ` \r\n\t{"a":"${a}"}\n`]) {
      assert.deepEqual(openBody(encoder.encode(text)), { a });
    }
  }
  assert.equal(state.fetches, 0);
});

const pem = async (jwk: JWK, alg: string) =>
  await exportPKCS8(
    await importJWK(jwk, alg, { extractable: true }) as CryptoKey,
  );
const rsa = JSON.stringify(rsaJwk);
const rsaPem = await pem(rsaJwk, "RSA-OAEP-256");
const ecPem = await pem(ecJwk, "ECDH-ES+A256KW");
const both = JSON.stringify({
  keys: [
    { ...ecJwk, kid: kidOf(jweEc) },
    { ...rsaJwk, kid: kidOf(jweRsa) },
  ],
});

testEach<[sent: Fixture, privateKey?: string]>(
  "createEnvelopeOpener() opens what ZITADEL sent",
  {
    "a JWS": [jwt],
    "a JWS where encrypted ones are expected too": [jwt, rsa],
    "a JWE, by an RSA JWK": [jweRsa, rsa],
    "a JWE, by an EC JWK": [jweEc, JSON.stringify(ecJwk)],
    "a JWE, by an RSA PEM": [jweRsa, rsaPem],
    "a JWE, by an EC PEM in one line": [jweEc, ecPem.replaceAll("\n", "\\n")],
    "a JWE, by the second of two PEMs": [jweRsa, ecPem + rsaPem],
    "a JWE, by the first of two JWKs": [jweEc, both],
    "a JWE, by the second of two JWKs": [jweRsa, both],
  },
  async ([{ request }, privateKey]) => {
    const { open, state } = await opener({
      jwks: jwt.jwks,
      ...privateKey ? { privateKey } : {},
    });
    const payload = await open(request.body) as Record<string, unknown>;
    assert.equal(payload.function, "function/preaccesstoken");
    assert.ok(Array.isArray(payload.user_grants));
    assert.equal(state.fetches, 1);
  },
);

testEach<string | Uint8Array>(
  "createEnvelopeOpener() refuses a body of no known form",
  {
    "nothing": "",
    "white space": " \n",
    "a list": "[]",
    "a text": '"a"',
    "two parts": "a.b",
    "four parts": "a.b.c.d",
    "six parts": "a.b.c.d.e.f",
    "a JWS with padding": "YQ==.YQ==.YQ==",
    "a JWS after white space": " a.b.c",
    "broken JSON": "{",
    "JSON with more after it": "{}{}",
    "a byte order mark": '\ufeff{"a":1}',
    "bytes that are not UTF-8": Uint8Array.of(
      ...encoder.encode('{"a":"'),
      0xff,
      ...encoder.encode('"}'),
    ),
  },
  async (body) => {
    const { openBody, state } = await opener({ privateKey: rsa });
    const bytes = typeof body === "string" ? encoder.encode(body) : body;
    await assert.rejects(
      async () => await openBody(bytes),
      fails("invalid_payload"),
    );
    assert.equal(state.fetches, 0);
  },
);

const forged = await sign(PAYLOAD, { key: foreign.privateKey });

testEach<[ErrorCode, text: string]>(
  "createEnvelopeOpener() refuses nonsense inside what is signed or encrypted",
  {
    "a JWS of no JSON": ["invalid_payload", await sign("nonsense")],
    "a JWS of a JWS": ["invalid_payload", await sign(await sign())],
    "a JWE of unsigned JSON": [
      "invalid_signature",
      await encrypt(JSON.stringify(PAYLOAD)),
    ],
    "a JWE of nonsense": ["invalid_signature", await encrypt("nonsense")],
    "a JWE of a JWE": ["invalid_signature", await encrypt(await encrypt("a"))],
    "a JWE of a foreign JWS": ["invalid_signature", await encrypt(forged)],
    "a JWE of a JWS of no JSON": [
      "invalid_payload",
      await encrypt(await sign("nonsense")),
    ],
  },
  async ([code, text]) => {
    const { open } = await opener({ privateKey: rsa });
    await assert.rejects(open(text), fails(code));
    assert.deepEqual(await open(await encrypt(await sign())), PAYLOAD);
  },
);

const other = await generateKeyPair("RSA-OAEP-256", { extractable: true });
const ec = await generateKeyPair("ECDH-ES");
const x25519 = await generateKeyPair("ECDH-ES", {
  crv: "X25519",
  extractable: true,
});
const jws = await sign();

testEach<[text: string, jwk?: JWK]>(
  "createEnvelopeOpener() refuses a JWE without asking for keys when it cannot be decrypted",
  {
    "for another key": [await encrypt(jws, { key: other.publicKey })],
    "for a key of another kind": [jweEc.request.body],
    "by RSA-OAEP with SHA-1": [
      await encrypt(jws, {
        key: await publicHalf("RSA-OAEP"),
        alg: "RSA-OAEP",
      }),
    ],
    "by ECDH-ES without a wrapped key": [
      await encrypt(jws, { key: ec.publicKey, alg: "ECDH-ES" }),
      ecJwk,
    ],
    "by a shared secret": [
      await encrypt(jws, { key: new Uint8Array(32), alg: "dir" }),
    ],
    "with other contents": [await encrypt(jws, { enc: "A128GCM" })],
    "of empty parts": ["a...."],
    "of a broken header": ["a.b.c.d.e"],
    "tampered with": [(await encrypt(jws)).slice(0, -3)],
  },
  async ([text, jwk = rsaJwk]) => {
    const { open, state } = await opener({ privateKey: JSON.stringify(jwk) });
    await assert.rejects(open(text), fails("invalid_payload", "unknown_key"));
    assert.equal(state.fetches, 0);
  },
);

Deno.test("createHandler() says what to do when payloads come encrypted and no key is set", async () => {
  const { call, log } = await createTestFunction({
    fetch: () => assert.fail("nothing may be asked"),
  });
  assert.equal((await call(jweRsa.request.body)).status, 400);
  assert.equal(log[0]?.reason, "missing_setting");
  assert.match(String(log[0]?.remedy), /Set PAYLOAD_PRIVATE_KEY/);
});

testEach<string>(
  "createEnvelopeOpener() rejects when a private key cannot be used",
  {
    "a PEM of nonsense":
      "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
    "a PEM of another kind":
      "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----",
    "a JWK of nonsense": '{"kty":"RSA","n":"canary","e":"AQAB","d":"canary"}',
    "a JWK of another kind": JSON.stringify({
      ...await exportJWK(x25519.privateKey),
      alg: "ECDH-ES",
    }),
    "a symmetric JWK": '{"kty":"oct","k":"canary","d":"canary"}',
    "a JWK of a kind that objects have": '{"kty":"constructor","d":"canary"}',
    "one of two": JSON.stringify({ keys: [rsaJwk, { kty: "RSA" }] }),
    "not JSON": "canary",
  },
  (privateKey) =>
    assert.rejects(opener({ privateKey }), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, /PAYLOAD_PRIVATE_KEY/);
      assert.doesNotMatch(Deno.inspect(error), /canary/);
      return true;
    }),
);
