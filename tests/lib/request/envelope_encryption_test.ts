import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, type JWK } from "jose";
import {
  ecJwk,
  encrypt,
  fails,
  jweEc,
  jweRsa,
  opener,
  PAYLOAD,
  publicHalf,
  rsaJwk,
  sign,
} from "./_envelope.ts";
import { createTestFunction } from "../_function.ts";

const other = await generateKeyPair("RSA-OAEP-256", { extractable: true });
const otherJwk = await exportJWK(other.privateKey);

Deno.test("createEnvelopeOpener() refuses a JWE without asking for keys when it cannot be decrypted", async (t) => {
  const ec = await generateKeyPair("ECDH-ES");
  const jws = await sign();
  const secret = new Uint8Array(32);
  const cases: [string, Promise<string> | string, JWK | undefined][] = [
    ["for another key", encrypt(jws, { key: other.publicKey }), rsaJwk],
    ["for a key of another kind", jweEc.request.body, rsaJwk],
    [
      "by RSA-OAEP with SHA-1",
      encrypt(jws, { key: await publicHalf("RSA-OAEP"), alg: "RSA-OAEP" }),
      rsaJwk,
    ],
    [
      "by ECDH-ES without a wrapped key",
      encrypt(jws, { key: ec.publicKey, alg: "ECDH-ES" }),
      ecJwk,
    ],
    [
      "by a shared secret",
      encrypt(jws, { key: secret, alg: "dir" }),
      rsaJwk,
    ],
    ["with other contents", encrypt(jws, { enc: "A128GCM" }), rsaJwk],
    ["of empty parts", "a....", rsaJwk],
    ["of a broken header", "a.b.c.d.e", rsaJwk],
    [
      "tampered with",
      encrypt(jws).then((text) => text.slice(0, -3)),
      rsaJwk,
    ],
  ];
  for (const [name, text, jwk] of cases) {
    await t.step(name, async () => {
      const { open, state } = await opener({ privateKey: JSON.stringify(jwk) });
      await assert.rejects(
        open(await text),
        fails("invalid_payload", "unknown_key"),
      );
      assert.equal(state.fetches, 0);
    });
  }
  await t.step("where no key is set", async () => {
    const { open, state } = await opener();
    await assert.rejects(
      open(jweRsa.request.body),
      fails("invalid_payload", "missing_setting"),
    );
    assert.equal(state.fetches, 0);
  });
});

Deno.test("createEnvelopeOpener() opens a JWE for a key that bears an id of its own", async () => {
  const named = { ...rsaJwk, kid: "not ZITADEL's id of it" };
  const { open } = await opener({ privateKey: JSON.stringify(named) });
  const jwe = await encrypt(await sign(), { kid: "ZITADEL's id" });
  assert.deepEqual(await open(jwe), PAYLOAD);
});

Deno.test("createEnvelopeOpener() finds the right one of several keys", async (t) => {
  const set = (...keys: JWK[]) => JSON.stringify({ keys });
  const jws = await sign();
  const cases: [string, string | undefined, string][] = [
    [
      "the second, by id",
      "b",
      set({ ...otherJwk, kid: "a" }, { ...rsaJwk, kid: "b" }),
    ],
    [
      "the second, by trying",
      undefined,
      set({ ...otherJwk, kid: "a" }, { ...rsaJwk, kid: "b" }),
    ],
    ["one without an id", "b", set(otherJwk, rsaJwk)],
    [
      "of two with one id the right one",
      "a",
      set({ ...otherJwk, kid: "a" }, { ...rsaJwk, kid: "a" }),
    ],
  ];
  for (const [name, kid, privateKey] of cases) {
    await t.step(name, async () => {
      const { open } = await opener({ privateKey });
      const jwe = await encrypt(jws, kid ? { kid } : {});
      assert.deepEqual(await open(jwe), PAYLOAD);
    });
  }
});

Deno.test("createEnvelopeOpener() rejects when a private key cannot be used", async (t) => {
  const okp = await exportJWK(
    (await generateKeyPair("ECDH-ES", { crv: "X25519", extractable: true }))
      .privateKey,
  );
  const keys: Record<string, string> = {
    "a PEM of nonsense":
      "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----",
    "a PEM of another kind":
      "-----BEGIN RSA PRIVATE KEY-----\ncanary\n-----END RSA PRIVATE KEY-----",
    "a JWK of nonsense": '{"kty":"RSA","n":"canary","e":"AQAB","d":"canary"}',
    "a JWK of another kind": JSON.stringify({ ...okp, alg: "ECDH-ES" }),
    "a symmetric JWK": '{"kty":"oct","k":"canary","d":"canary"}',
    "a JWK of a kind that objects have": '{"kty":"constructor","d":"canary"}',
    "one of two": JSON.stringify({ keys: [rsaJwk, { kty: "RSA" }] }),
    "not JSON": "canary",
  };
  for (const [name, privateKey] of Object.entries(keys)) {
    await t.step(name, async () => {
      await assert.rejects(opener({ privateKey }), (error) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, /PAYLOAD_PRIVATE_KEY/);
        assert.doesNotMatch(Deno.inspect(error), /canary/);
        return true;
      });
    });
  }
});

Deno.test("createHandler() says what to do when payloads come encrypted and no key is set", async () => {
  const { call, log } = await createTestFunction({
    fetch: () => assert.fail("nothing may be asked"),
  });
  const reply = await call(jweRsa.request.body);
  assert.equal(reply.status, 400);
  assert.match(String(log[0]?.remedy), /Set PAYLOAD_PRIVATE_KEY/);
});
