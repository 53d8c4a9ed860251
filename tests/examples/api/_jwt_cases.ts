import assert from "node:assert/strict";
import {
  decodeJwt,
  exportSPKI,
  generateKeyPair,
  importJWK,
  SignJWT,
} from "jose";
import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";
import { ownWebKey } from "../../../harness/sandbox/instance.ts";
import { bearer, type Case } from "./_answers.ts";
import { type Issuer, PROJECT } from "./_issuer.ts";

type Cases = Record<string, Case>;

/** How an API that verifies JWTs answers. */
export async function jwtCases(
  { alice, elsewhere, sign }: Issuer,
): Promise<Cases> {
  // The ID token would do but for its kind.
  const idClaims = decodeJwt(alice.idToken);
  assert.ok(idClaims.aud?.includes(PROJECT));
  assert.deepEqual(idClaims["permissions"], ["posts:read"]);
  assert.ok(!decodeJwt(elsewhere).aud?.includes(PROJECT));

  const signed = async (claims: Record<string, unknown>) =>
    bearer(await sign(claims));
  const past = Math.floor(Date.now() / 1000) - 60;
  const missing = /Missing permission: posts:read/;
  return {
    "a token with the permission": [bearer(alice.accessToken), 200],
    "a scheme in small letters": [`bearer ${alice.accessToken}`, 200],
    "no token": [undefined, 401],
    "another scheme": ["Basic YTpi", 401],
    "a scheme alone": ["Bearer", 401],
    "two tokens": ["Bearer a b", 401],
    "an ID token": [bearer(alice.idToken), 401, /"jti/],
    "an ID token to which a target added jti": [
      await signed({ ...idClaims, jti: "V2_1-at_1" }),
      401,
      /Not an access token/,
    ],
    "another audience": [bearer(elsewhere), 401, /"aud/],
    "an expired token": [await signed({ exp: past }), 401, /"exp/],
    "a token without an end": [await signed({ exp: undefined }), 401, /"exp/],
    "another issuer": [await signed({ iss: "http://other" }), 401, /"iss/],
    "a token without the claim": [
      await signed({ permissions: undefined }),
      403,
      missing,
    ],
    "a token without the permission": [
      await signed({ permissions: ["posts:write"] }),
      403,
      missing,
    ],
    ...await forgeries(alice.accessToken),
  };
}

/** Tokens with the right claims that the issuer did not sign. */
async function forgeries(accessToken: string): Promise<Cases> {
  const claims = decodeJwt(accessToken);
  const [header, payload, signature] = accessToken.split(".");
  const { kid, publicJwk } = await ownWebKey();
  const publicKey = await importJWK(publicJwk, "RS256", { extractable: true });
  const pem = new TextEncoder().encode(
    await exportSPKI(publicKey as CryptoKey),
  );
  const { privateKey } = await generateKeyPair("RS256");
  const sign = async (alg: string, key: CryptoKey | Uint8Array, kid: string) =>
    bearer(
      await new SignJWT(claims).setProtectedHeader({ alg, kid, typ: "JWT" })
        .sign(key),
    );
  const encode = (value: unknown) =>
    new TextEncoder().encode(JSON.stringify(value))
      .toBase64({ alphabet: "base64url", omitPadding: true });
  const none = encode({ alg: "none", typ: "JWT" });
  const changed = encode({ ...claims, sub: "1" });
  const unknown = /no applicable key/;
  const opaque = /opaque.*token type to JWT/;
  return {
    "another key": [await sign("RS256", privateKey, kid), 401, /signature/],
    "an unknown key": [await sign("RS256", privateKey, "?"), 401, unknown],
    "the public key as a secret": [await sign("HS256", pem, kid), 401, /"alg/],
    "alg: none": [`Bearer ${none}.${payload}.`, 401, /"alg/],
    "alg: none, signed": [
      `Bearer ${none}.${payload}.${signature}`,
      401,
      /"alg/,
    ],
    "changed": [`Bearer ${header}.${changed}.${signature}`, 401, /signature/],
    "an opaque token": ["Bearer V2_1-at_1", 401, opaque],
    "what is not a token": ["Bearer a.b.c", 401, /JWS/],
  };
}

/** A grant's tokens by kind. */
type Recorded = Record<
  string,
  { header: { typ: string }; claims: { aud: string[] } }
>;

const RELEASES = ["v3.4.9", "v4.6.5", "v4.13.1", "main"];
/** Of this one the access token has `azp` too, so that it is refused as well. */
const APPENDED = /a target appends/;

/** The recorded access tokens and ID tokens, which differ in little. */
export async function recordedCases({ origin, sign }: Issuer): Promise<Cases> {
  const cases: Cases = {};
  for (const release of RELEASES) {
    const file = new URL(`recorded/tokens/${release}.json`, FIXTURES_URL);
    const { tokens } = JSON.parse(await Deno.readTextFile(file));
    assert.ok(Object.keys(tokens).length >= 9);
    for (const [grant, kinds] of Object.entries<Recorded>(tokens)) {
      for (
        const kind of ["access_token", "id_token"].filter((it) => kinds[it])
      ) {
        const { header, claims } = kinds[kind]!;
        assert.equal(header.typ, "JWT");
        assert.ok(claims.aud.includes("<project>"));
        const token = await sign({
          jti: undefined,
          client_id: undefined,
          ...claims,
          iss: origin,
          aud: PROJECT,
          nbf: undefined,
          exp: Math.floor(Date.now() / 1000) + 60,
          permissions: ["posts:read"],
        });
        const isAccepted = kind === "access_token" && !APPENDED.test(grant);
        const name = `${kind} of ${release}: ${grant}`;
        cases[name] = [bearer(token), isAccepted ? 200 : 401];
      }
    }
  }
  return cases;
}
