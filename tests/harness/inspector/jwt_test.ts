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

Deno.test("decodeJwt() reads header and claims, in UTF-8", async () => {
  const { token } = await issue("RS256");
  const jwt = decodeJwt(token)!;
  assert.deepEqual(jwt.claims, { name: "Åström", permissions: ["a"] });
  assert.equal(jwt.header.alg, "RS256");
  assert.equal(jwt.parts.join("."), token);
});

Deno.test("decodeJwt() returns undefined for anything that is not a JWT", () => {
  for (
    const token of [
      "",
      "opaque",
      "a.b.c",
      "e30.W10.x",
      "e30.bnVsbA.x",
      "..",
      "%.%.%",
    ]
  ) {
    assert.equal(decodeJwt(token), undefined, token);
  }
});

Deno.test("signatureProblem() accepts what the issuer signed", async (t) => {
  const names = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "EdDSA"];
  for (const alg of names) {
    await t.step(alg, async () => {
      const { token, key } = await issue(alg);
      assert.equal(await signatureProblem(decodeJwt(token)!, [key]), "");
    });
  }
});

Deno.test("signatureProblem() finds the token's key among the issuer's", async () => {
  const [old, current] = [await issue("ES256", "old"), await issue("ES256")];
  const keys = [old.key, current.key];
  for (const { token } of [old, current]) {
    assert.equal(await signatureProblem(decodeJwt(token)!, keys), "");
  }
});

Deno.test("signatureProblem() refuses everything else", async (t) => {
  const { token, key } = await issue("RS256");
  const [head, , signature] = token.split(".");
  const other = await issue("RS256");
  const problemOf = (text: string, keys: PublicKey[]) =>
    signatureProblem(decodeJwt(text)!, keys);

  await t.step("a changed claim", async () => {
    const claims = btoa('{"permissions":["all"]}').replaceAll("=", "");
    const changed = `${head}.${claims}.${signature}`;
    assert.match(await problemOf(changed, [key]), /does not match key k1/);
  });
  await t.step("another's signature", async () => {
    assert.match(await problemOf(other.token, [key]), /does not match key k1/);
  });
  await t.step("a key that is not the issuer's", async () => {
    assert.match(await problemOf(token, []), /has no key k1/);
  });
  for (const alg of ["none", "HS256", "toString"]) {
    await t.step(`the algorithm ${alg}`, async () => {
      const header = btoa(JSON.stringify({ alg, kid: "k1" }));
      const forged = `${header.replaceAll("=", "")}.e30.`;
      assert.match(
        await problemOf(forged, [key]),
        alg === "none" ? /not signed/ : /does not know its algorithm/,
      );
    });
  }
  await t.step("a key of another kind", async () => {
    const elliptic = await issue("ES256");
    assert.match(await problemOf(token, [elliptic.key]), /cannot check RS256/);
  });
});
