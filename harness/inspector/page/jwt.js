// @ts-check
/**
 * Decodes JSON Web Tokens and checks their signatures, with Web Crypto alone.
 *
 * @module
 */
/** @import { Jwt, PublicKey } from "../types.ts" */

/**
 * How Web Crypto names the algorithms that ZITADEL signs with.
 *
 * @type {Record<string, RsaHashedImportParams & EcKeyImportParams & EcdsaParams | Algorithm>}
 */
const ALGORITHMS = {
  RS256: rsa("SHA-256"),
  RS384: rsa("SHA-384"),
  RS512: rsa("SHA-512"),
  ES256: ecdsa("P-256", "SHA-256"),
  ES384: ecdsa("P-384", "SHA-384"),
  ES512: ecdsa("P-521", "SHA-512"),
  EdDSA: { name: "Ed25519" },
};

/** Reads a token. @param {string} token @returns {Jwt | undefined} `undefined` for anything that is not a JWT. */
export function decodeJwt(token) {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  try {
    const [header, claims] = parts
      .slice(0, 2)
      .map((part) => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes(part))));
    if (!isObject(header) || !isObject(claims)) return undefined;
    return { parts: /** @type {[string, string, string]} */ (parts), header, claims };
  } catch {
    return undefined;
  }
}

/**
 * Checks a token's signature.
 *
 * @param {Jwt} jwt
 * @param {readonly PublicKey[]} keys The issuer's keys (JWKS).
 * @returns {Promise<string>} What is wrong with it; empty if it is right.
 */
export async function signatureProblem({ header, parts }, keys) {
  const { alg, kid } = header;
  const algorithm = typeof alg === "string" && Object.hasOwn(ALGORITHMS, alg) ? ALGORITHMS[alg] : undefined;
  if (!algorithm) return alg === "none" ? "It is not signed" : `This page does not know its algorithm ${alg}`;
  const jwk = keys.find((key) => key.kid === kid);
  if (!jwk) return `ZITADEL has no key ${kid}: it did not sign this token`;
  const [head, payload, signature] = parts;
  try {
    const key = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["verify"]);
    const signed = new TextEncoder().encode(`${head}.${payload}`);
    const isValid = await crypto.subtle.verify(algorithm, key, bytes(signature), signed);
    return isValid ? "" : `Its signature does not match key ${kid}: the token was changed`;
  } catch (error) {
    return `This browser cannot check ${alg} (${error})`;
  }
}

/** @param {string} hash */
function rsa(hash) {
  return { name: "RSASSA-PKCS1-v1_5", hash };
}

/** @param {string} namedCurve @param {string} hash */
function ecdsa(namedCurve, hash) {
  return { name: "ECDSA", namedCurve, hash };
}

/** @param {string} base64url */
function bytes(base64url) {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
