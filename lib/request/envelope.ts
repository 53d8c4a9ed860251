/**
 * The three forms in which ZITADEL sends a payload: JSON, that JSON in a JWS
 * (payload type JWT), and that JWS in a JWE.
 *
 * @module
 */
import type { CompactVerifyGetKey, CryptoKey, JWK } from "jose";
import { type FailureDetails, FunctionError } from "../errors.ts";

/** The algorithms of ZITADEL's web keys. */
const SIGNATURE_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
];

/** How ZITADEL encrypts, by the type of the target's public key. */
const RSA = "RSA-OAEP-256";
const EC = "ECDH-ES+A256KW";
const CONTENT_ALGORITHM = "A256GCM";

const COMPACT = /^[\w-]+(?:\.[\w-]*){2}(?:(?:\.[\w-]*){2})?$/;
const PEM = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const strictDecoder = new TextDecoder("utf-8", {
  fatal: true,
  ignoreBOM: true,
});

/**
 * Creates the opener of payloads. Verify the body's HMAC first: a JWS alone
 * proves little, since ZITADEL signs access tokens with the same keys.
 *
 * @param findKey Finds the instance's public key that verifies a JWS; rejects with a {@linkcode FunctionError} if the keys cannot be fetched.
 * @param privateKey Private keys for encrypted payloads: JWK, JWK set or PKCS#8 PEM.
 * @returns The opener. It throws a {@linkcode FunctionError} if the body cannot be opened.
 * @throws {TypeError} If a private key cannot be used.
 */
export async function createEnvelopeOpener(
  findKey: (signal: AbortSignal) => CompactVerifyGetKey,
  privateKey?: string,
) {
  const privateKeys = privateKey ? await importPrivateKeys(privateKey) : [];

  /** Returns the JSON value in a body, at once if the body is plain JSON. */
  return function openEnvelope(
    body: Uint8Array,
    deadline: () => AbortSignal,
  ): unknown | Promise<unknown> {
    const text = decode(body);
    if (/^\s*\{/.test(text)) return parse(text);
    if (COMPACT.test(text)) return openCompact(text, deadline);
    throw invalid("neither JSON, nor a JWS, nor a JWE");
  };

  async function openCompact(text: string, deadline: () => AbortSignal) {
    const isEncrypted = text.split(".").length === 5;
    const jws = isEncrypted ? decode(await decrypt(text, privateKeys)) : text;
    return parse(decode(await verify(jws, findKey(deadline()))));
  }
}

async function verify(
  jws: string,
  key: CompactVerifyGetKey,
): Promise<Uint8Array> {
  const { compactVerify } = await import("jose");
  const options = { algorithms: SIGNATURE_ALGORITHMS };
  try {
    const { payload } = await compactVerify(jws, key, options);
    return payload;
  } catch (cause) {
    if (cause instanceof FunctionError) throw cause;
    throw new FunctionError(
      "invalid_signature",
      "Refused a request by the JWS of its payload: no key of this instance matches it",
      { cause },
    );
  }
}

async function decrypt(
  jwe: string,
  keys: readonly CryptoKey[],
): Promise<Uint8Array> {
  if (keys.length === 0) {
    throw invalid(
      "encrypted, and PAYLOAD_PRIVATE_KEY is not set",
      { reason: "missing_setting" },
    );
  }
  const { compactDecrypt } = await import("jose");
  let cause: unknown;
  for (const key of keys) {
    try {
      const { plaintext } = await compactDecrypt(jwe, key, {
        keyManagementAlgorithms: [RSA, EC],
        contentEncryptionAlgorithms: [CONTENT_ALGORITHM],
      });
      return plaintext;
    } catch (error) {
      cause = error;
    }
  }
  throw invalid(
    "not encrypted for any key in PAYLOAD_PRIVATE_KEY",
    { cause, reason: "unknown_key" },
  );
}

async function importPrivateKeys(text: string): Promise<CryptoKey[]> {
  const { importJWK, importPKCS8 } = await import("jose");
  const importPem = (pem: string) =>
    importPKCS8(pem, RSA).catch(() => importPKCS8(pem, EC));
  // No other algorithm, also not one that the key names.
  const importJwk = (jwk: JWK) =>
    importJWK(jwk, jwk.kty === "RSA" ? RSA : jwk.kty === "EC" ? EC : "none");
  const isPrivate = (key: CryptoKey | Uint8Array): key is CryptoKey =>
    "type" in key && key.type === "private";
  try {
    const pems = text.replaceAll("\\n", "\n").match(PEM);
    const json = pems ? undefined : JSON.parse(text);
    const keys = await Promise.all<CryptoKey | Uint8Array>(
      pems?.map(importPem) ?? (json.keys ?? [json]).map(importJwk),
    );
    if (keys.length > 0 && keys.every(isPrivate)) return keys;
  } catch {
    // What was caught may quote the key.
  }
  throw new TypeError(
    "Cannot start: PAYLOAD_PRIVATE_KEY holds no RSA or EC private key that can be used",
  );
}

function decode(bytes: Uint8Array): string {
  // Five times as fast as the strict decoder, and as strict: only text with the
  // character that replaces malformed bytes needs a second look.
  const text = decoder.decode(bytes);
  if (!text.includes("\ufffd")) return text;
  try {
    return strictDecoder.decode(bytes);
  } catch (cause) {
    throw invalid("not UTF-8", { cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid("not JSON", { cause });
  }
}

function invalid(what: string, details?: FailureDetails): FunctionError {
  const message = `Cannot read the payload: it is ${what}`;
  return new FunctionError("invalid_payload", message, details);
}
