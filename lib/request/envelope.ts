/**
 * The three forms in which ZITADEL sends a payload: JSON, that JSON in a JWS
 * (payload type JWT), and that JWS in a JWE.
 *
 * @module
 */
import type {
  CompactVerifyGetKey,
  CryptoKey,
  FlattenedJWSInput,
  JWK,
  JWSHeaderParameters,
} from "jose";
import { FunctionError } from "../errors.ts";
import type { Deadline } from "../util/deadline.ts";

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
const KEY_ALGORITHMS = { RSA: "RSA-OAEP-256", EC: "ECDH-ES+A256KW" } as const;
const CONTENT_ALGORITHM = "A256GCM";

const COMPACT = /^[\w-]+(?:\.[\w-]*){2}(?:(?:\.[\w-]*){2})?$/;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Finds the instance's public key that verifies a JWS. */
export type FindVerificationKey = (
  header: JWSHeaderParameters,
  jws: FlattenedJWSInput,
  signal: AbortSignal,
) => Promise<CryptoKey>;

/** What opening envelopes needs. */
export interface EnvelopeOptions {
  /** Rejects with a {@linkcode FunctionError} if the keys cannot be fetched. */
  readonly findKey: FindVerificationKey;
  /** Private keys for encrypted payloads: JWK, JWK set or PKCS#8 PEM. */
  readonly privateKey?: string | undefined;
}

/** Returns the JSON value in a body, at once if the body is plain JSON. */
export type OpenEnvelope = (
  body: Uint8Array,
  deadline: Deadline,
) => unknown | Promise<unknown>;

/**
 * Creates the opener of payloads. Verify the body's HMAC first: a JWS alone
 * proves little, since ZITADEL signs access tokens with the same keys.
 *
 * @returns The opener. It throws a {@linkcode FunctionError} if the body cannot be opened.
 * @throws {TypeError} If a private key cannot be used.
 */
export async function createEnvelopeOpener(
  { findKey, privateKey }: EnvelopeOptions,
): Promise<OpenEnvelope> {
  const privateKeys = privateKey ? await importPrivateKeys(privateKey) : [];

  return function openEnvelope(body, deadline) {
    const text = decode(body);
    if (/^\s*\{/.test(text)) return parse(text);
    if (!COMPACT.test(text)) {
      throw invalid(
        "Cannot read the body: it is neither JSON, nor a JWS, nor a JWE",
      );
    }
    return openCompact(
      text,
      (header, jws) => findKey(header, jws, deadline.signal),
    );
  };

  async function openCompact(
    text: string,
    key: CompactVerifyGetKey,
  ): Promise<unknown> {
    const jws = text.split(".").length === 5
      ? decode(await decrypt(text, privateKeys))
      : text;
    return parse(decode(await verify(jws, key)));
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
    throw new FunctionError(
      "invalid_payload",
      "Cannot read the payload: it is encrypted, and PAYLOAD_PRIVATE_KEY is not set",
      { reason: "missing_setting" },
    );
  }
  const { compactDecrypt } = await import("jose");
  let cause: unknown;
  for (const key of keys) {
    try {
      const { plaintext } = await compactDecrypt(jwe, key, {
        keyManagementAlgorithms: Object.values(KEY_ALGORITHMS),
        contentEncryptionAlgorithms: [CONTENT_ALGORITHM],
      });
      return plaintext;
    } catch (error) {
      cause = error;
    }
  }
  throw new FunctionError(
    "invalid_payload",
    "Cannot read the payload: it is not encrypted for any key in PAYLOAD_PRIVATE_KEY",
    { cause, reason: "unknown_key" },
  );
}

async function importPrivateKeys(text: string): Promise<CryptoKey[]> {
  try {
    const keys = text.includes("-----BEGIN")
      ? await importPems(text)
      : await importJwks(JSON.parse(text));
    if (keys.length > 0) return keys;
  } catch {
    // What was caught may quote the key.
  }
  throw new TypeError(
    "Cannot start: PAYLOAD_PRIVATE_KEY holds no RSA or EC private key that can be used",
  );
}

async function importPems(text: string): Promise<CryptoKey[]> {
  const { importPKCS8 } = await import("jose");
  const pems = text.replaceAll("\\n", "\n").match(
    /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g,
  );
  return await Promise.all(
    (pems ?? []).map((pem) =>
      importPKCS8(pem, KEY_ALGORITHMS.RSA)
        .catch(() => importPKCS8(pem, KEY_ALGORITHMS.EC))
    ),
  );
}

async function importJwks(json: JWK & { keys?: JWK[] }): Promise<CryptoKey[]> {
  const { importJWK } = await import("jose");
  return await Promise.all((json.keys ?? [json]).map(async (jwk) => {
    const algorithm: string | undefined =
      KEY_ALGORITHMS[jwk.kty as keyof typeof KEY_ALGORITHMS];
    const key = algorithm && await importJWK(jwk, algorithm);
    if (!key || key instanceof Uint8Array || key.type !== "private") {
      throw new TypeError("A key is neither RSA nor EC, or is not private");
    }
    return key;
  }));
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw invalid("Cannot read the payload: it is not UTF-8", cause);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid("Cannot read the payload: it is not JSON", cause);
  }
}

function invalid(message: string, cause?: unknown): FunctionError {
  return new FunctionError("invalid_payload", message, { cause });
}
