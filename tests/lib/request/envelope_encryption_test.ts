import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import { testEach } from "../../_test_each.ts";
import { fails } from "../_fails.ts";
import { createTestFunction } from "../_function.ts";
import {
  ecJwk,
  encrypt,
  jweEc,
  jweRsa,
  opener,
  publicHalf,
  rsaJwk,
  sign,
} from "./_envelope.ts";

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
