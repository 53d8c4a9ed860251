import assert from "node:assert/strict";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import type { PublicKey } from "../../../harness/inspector/types.ts";
import {
  decodeJwt,
  signatureProblem,
} from "../../../harness/inspector/page/jwt.js";

async function issue(alg: string, kid = "k1") {
  const { publicKey, privateKey } = await generateKeyPair(alg);
  const token = await new SignJWT({ name: "Åström", permissions: ["a"] })
    .setProtectedHeader({ alg, kid }).sign(privateKey);
  const key = { ...await exportJWK(publicKey), kid } as PublicKey;
  return { token, key };
}

Deno.test("decodeJwt() reads header and claims in UTF-8, and nothing that is not a JWT", async () => {
  const { token } = await issue("ES256");
  const jwt = decodeJwt(token)!;
  assert.deepEqual(jwt.claims, { name: "Åström", permissions: ["a"] });
  assert.equal(jwt.header.alg, "ES256");
  assert.equal(jwt.parts.join("."), token);
  const others = ["", "opaque", "a.b.c", "e30.W10.x", "e30.bnVsbA.x", ".."];
  for (const other of [...others, "%.%.%"]) {
    assert.equal(decodeJwt(other), undefined, other);
  }
});

Deno.test("signatureProblem() accepts what one of the issuer's keys signed", async (t) => {
  const { key: old } = await issue("ES256", "old");
  const names = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"];
  for (const alg of names) {
    await t.step(alg, async () => {
      const { token, key } = await issue(alg);
      assert.equal(await signatureProblem(decodeJwt(token)!, [old, key]), "");
    });
  }
});

Deno.test("signatureProblem() refuses everything else", async () => {
  const { token, key } = await issue("RS256");
  const [head, , signature] = token.split(".");
  const encode = (value: unknown) =>
    btoa(JSON.stringify(value)).replaceAll("=", "");
  const unsigned = (alg: string) => `${encode({ alg, kid: "k1" })}.e30.`;
  const cases: [string, string, PublicKey[], RegExp][] = [
    [
      "a changed claim",
      `${head}.${encode({ permissions: ["all"] })}.${signature}`,
      [key],
      /does not match key k1/,
    ],
    ["another's", (await issue("RS256")).token, [key], /does not match key k1/],
    ["an unknown key", token, [], /has no key k1/],
    ["another kind", token, [(await issue("ES256")).key], /cannot check RS256/],
    ["none", unsigned("none"), [key], /not signed/],
    ["HS256", unsigned("HS256"), [key], /does not know its algorithm/],
    ["toString", unsigned("toString"), [key], /does not know its algorithm/],
  ];
  for (const [name, text, keys, expected] of cases) {
    assert.match(
      await signatureProblem(decodeJwt(text)!, keys),
      expected,
      name,
    );
  }
});
