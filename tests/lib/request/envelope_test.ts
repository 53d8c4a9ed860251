import assert from "node:assert/strict";
import { type CryptoKey, exportPKCS8, importJWK, type JWK } from "jose";
import { type Fixture } from "../../../harness/fixtures/fixture.ts";
import { type ErrorCode } from "../../../lib/errors.ts";
import {
  ecJwk,
  encoder,
  encrypt,
  fails,
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

Deno.test("createEnvelopeOpener() opens JSON at once", async (t) => {
  const { openBody, state } = await opener();
  for (const text of ['{"a":"é"}', ' \r\n\t{"a":"é"}\n']) {
    await t.step(JSON.stringify(text), () => {
      assert.deepEqual(openBody(encoder.encode(text)), { a: "é" });
    });
  }
  assert.equal(state.fetches, 0);
});

Deno.test("createEnvelopeOpener() opens what ZITADEL sent", async (t) => {
  const { keys } = jwt.jwks!;
  const pem = async (jwk: JWK, alg: string) =>
    await exportPKCS8(
      await importJWK(jwk, alg, { extractable: true }) as CryptoKey,
    );
  const rsaPem = await pem(rsaJwk, "RSA-OAEP-256");
  const ecPem = await pem(ecJwk, "ECDH-ES+A256KW");
  const both = {
    keys: [
      { ...ecJwk, kid: kidOf(jweEc) },
      { ...rsaJwk, kid: kidOf(jweRsa) },
    ],
  };
  const cases: [string, Fixture, string | undefined][] = [
    ["a JWS", jwt, undefined],
    [
      "a JWS where encrypted ones are expected too",
      jwt,
      JSON.stringify(rsaJwk),
    ],
    ["a JWE, by an RSA JWK", jweRsa, JSON.stringify(rsaJwk)],
    ["a JWE, by an EC JWK", jweEc, JSON.stringify(ecJwk)],
    ["a JWE, by an RSA PEM", jweRsa, rsaPem],
    ["a JWE, by an EC PEM", jweEc, ecPem],
    ["a JWE, by a PEM in one line", jweEc, ecPem.replaceAll("\n", "\\n")],
    ["a JWE, by the second of two PEMs", jweRsa, ecPem + rsaPem],
    ["a JWE, by the first of two JWKs", jweEc, JSON.stringify(both)],
    ["a JWE, by the second of two JWKs", jweRsa, JSON.stringify(both)],
  ];
  for (const [name, { request }, privateKey] of cases) {
    await t.step(name, async () => {
      const { open, state } = await opener({
        jwks: { keys },
        ...privateKey && { privateKey },
      });
      const payload = await open(request.body) as Record<string, unknown>;
      assert.equal(payload.function, "function/preaccesstoken");
      assert.ok(Array.isArray(payload.user_grants));
      assert.equal(state.fetches, 1);
    });
  }
});

Deno.test("createEnvelopeOpener() refuses a body of no known form", async (t) => {
  const bodies: Record<string, string | Uint8Array> = {
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
  };
  for (const [name, body] of Object.entries(bodies)) {
    await t.step(name, async () => {
      const { openBody, state } = await opener();
      const bytes = typeof body === "string" ? encoder.encode(body) : body;
      await assert.rejects(
        async () => await openBody(bytes),
        fails("invalid_payload"),
      );
      assert.equal(state.fetches, 0);
    });
  }
});

Deno.test("createEnvelopeOpener() refuses nonsense inside what is signed or encrypted", async (t) => {
  const privateKey = JSON.stringify(rsaJwk);
  const cases: [string, string | Promise<string>, ErrorCode][] = [
    ["a JWS of no JSON", sign("nonsense"), "invalid_payload"],
    ["a JWS of a JWS", sign(await sign()), "invalid_payload"],
    [
      "a JWE of unsigned JSON",
      encrypt(JSON.stringify(PAYLOAD)),
      "invalid_signature",
    ],
    ["a JWE of nonsense", encrypt("nonsense"), "invalid_signature"],
    ["a JWE of a JWE", encrypt(await encrypt("a")), "invalid_signature"],
    [
      "a JWE of a foreign JWS",
      encrypt(await sign(PAYLOAD, { key: foreign.privateKey })),
      "invalid_signature",
    ],
    [
      "a JWE of a JWS of no JSON",
      encrypt(await sign("nonsense")),
      "invalid_payload",
    ],
  ];
  for (const [name, text, code] of cases) {
    await t.step(name, async () => {
      const { open } = await opener({ privateKey });
      await assert.rejects(open(await text), fails(code));
    });
  }
  await t.step("but not a JWE of the instance's JWS", async () => {
    const { open } = await opener({ privateKey });
    assert.deepEqual(await open(await encrypt(await sign())), PAYLOAD);
  });
});
