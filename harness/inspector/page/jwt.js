// @ts-check
/**
 * Decodes JSON Web Tokens and checks their signatures, with Web Crypto alone.
 *
 * @module
 */
/** @import { Jwt, PublicKey } from "../types.ts" */

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
  const algorithm = algorithmOf(alg);
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

/** How Web Crypto names an algorithm that ZITADEL signs with. @param {unknown} alg */
function algorithmOf(alg) {
  const [, kind, bits] = /^(RS|ES)(256|384|512)$/.exec(String(alg)) ?? [];
  const hash = `SHA-${bits}`;
  if (kind === "RS") return { name: "RSASSA-PKCS1-v1_5", hash };
  if (kind === "ES") return { name: "ECDSA", namedCurve: `P-${bits === "512" ? 521 : bits}`, hash };
  return alg === "EdDSA" ? { name: "Ed25519" } : undefined;
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
