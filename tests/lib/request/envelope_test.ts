import assert from "node:assert/strict";
import { type CryptoKey, exportPKCS8, importJWK, type JWK } from "jose";
import type { Fixture } from "../../../harness/fixtures/fixture.ts";
import type { ErrorCode } from "../../../lib/errors.ts";
import { testEach } from "../../_test_each.ts";
import { fails } from "../_fails.ts";
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
