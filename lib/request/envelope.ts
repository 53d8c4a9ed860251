/**
 * The three forms in which ZITADEL sends a payload: JSON, that JSON in a JWS
 * (payload type JWT), and that JWS in a JWE.
 *
 * @module
 */
import type {
  CryptoKey,
  FlattenedJWSInput,
  JWK,
  JWSHeaderParameters,
} from "jose";
import { FunctionError } from "../errors.ts";

/** What ZITADEL's web keys can sign with. */
const SIGNATURE_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
];

/** How ZITADEL encrypts, by the kind of key that the target was given. */
const KEY_ALGORITHMS = { RSA: "RSA-OAEP-256", EC: "ECDH-ES+A256KW" } as const;
const CONTENT_ALGORITHM = "A256GCM";

/** How long the instance's keys are used before they are fetched anew, in milliseconds. */
const JWKS_MAX_AGE_MS = 10 * 60 * 1000;

/**
 * How long after a fetch an unknown key does not make the keys be fetched
 * again, in milliseconds. Only calls with a valid HMAC come this far.
 */
const JWKS_COOLDOWN_MS = 5 * 1000;

const COMPACT = /^[\w-]+(?:\.[\w-]*){2}(?:(?:\.[\w-]*){2})?$/;
const CURLY_BRACE = 0x7b;
const decoder = new TextDecoder("utf-8", { fatal: true });

/** What opening envelopes needs. */
export interface EnvelopeOptions {
  /** The instance's origin, which publishes the keys that sign. */
  readonly origin: string;
  /** Private keys for encrypted payloads: JWK, JWK set or PKCS#8 PEM. */
  readonly privateKey?: string | undefined;
  /** How long fetching the instance's keys may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Fetches the instance's keys. */
  readonly fetch: typeof fetch;
}

/** Gives the JSON value in a body, at once where the body is plain JSON. */
export type OpenEnvelope = (body: Uint8Array) => unknown | Promise<unknown>;

/**
 * Makes the opener of payloads. The body's HMAC is to be verified before: a JWS
 * alone proves little, since ZITADEL signs access tokens with the same keys.
 *
 * @param options What opening needs.
 * @returns The opener. It throws a {@linkcode FunctionError} where the body cannot be opened.
 * @throws {TypeError} Where a private key cannot be used.
 */
export async function createEnvelopeOpener(
  options: EnvelopeOptions,
): Promise<OpenEnvelope> {
  const privateKeys = options.privateKey
    ? await importPrivateKeys(options.privateKey)
    : [];
  let verifier: ReturnType<typeof createVerifier> | undefined;

  return (body) => {
    const text = decode(body);
    if (isJson(body)) return parse(text);
    if (!COMPACT.test(text)) {
      throw invalid("The body is neither JSON, nor a JWS, nor a JWE");
    }
    return openCompact(text);
  };

  async function openCompact(text: string): Promise<unknown> {
    const jws = text.split(".").length === 5
      ? decode(await decrypt(text, privateKeys))
      : text;
    verifier ??= createVerifier(options);
    const verifySignature = await verifier;
    return parse(decode(await verifySignature(jws)));
  }
}

async function createVerifier(
  { origin, fetch, timeoutMs }: EnvelopeOptions,
): Promise<(jws: string) => Promise<Uint8Array>> {
  const {
    compactVerify,
    createLocalJWKSet,
    createRemoteJWKSet,
    customFetch,
    errors,
  } = await import("jose");
  const url = new URL("/oauth/v2/keys", origin);
  const remoteKeys = createRemoteJWKSet(url, {
    [customFetch]: fetch,
    timeoutDuration: timeoutMs,
    cacheMaxAge: JWKS_MAX_AGE_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
  });
  const keyOf = async (header: JWSHeaderParameters, jws: FlattenedJWSInput) => {
    try {
      return await remoteKeys(header, jws);
    } catch (cause) {
      if (cause instanceof errors.JWKSNoMatchingKey) throw cause;
      // Signed by ZITADEL, the HMAC has said: keys fetched before still serve
      // while ZITADEL cannot be asked.
      const before = remoteKeys.jwks();
      if (before) return await createLocalJWKSet(before)(header, jws);
      const isLate = cause instanceof errors.JWKSTimeout;
      throw new FunctionError(
        isLate ? "upstream_timeout" : "upstream_failed",
        `Cannot fetch the keys that verify signed payloads from ${url}`,
        {
          cause,
          reason: isLate ? "timeout" : "unreachable",
          remedy: "See whether ZITADEL_DOMAIN is right and reachable from here",
        },
      );
    }
  };
  return async (jws) => {
    try {
      const { payload } = await compactVerify(jws, keyOf, {
        algorithms: SIGNATURE_ALGORITHMS,
      });
      return payload;
    } catch (cause) {
      if (cause instanceof FunctionError) throw cause;
      throw new FunctionError(
        "invalid_signature",
        "The payload's JWS is not signed by this instance",
        { cause },
      );
    }
  };
}

interface PrivateKey {
  readonly algorithm: string;
  readonly kid?: string | undefined;
  readonly key: CryptoKey;
}

async function decrypt(
  jwe: string,
  keys: readonly PrivateKey[],
): Promise<Uint8Array> {
  if (keys.length === 0) {
    throw new FunctionError(
      "invalid_payload",
      "The payload is encrypted, and PAYLOAD_PRIVATE_KEY is not set",
      {
        reason: "missing_setting",
        remedy:
          "Set PAYLOAD_PRIVATE_KEY to the private key whose public half the target was given, or choose another payload type for the target",
      },
    );
  }
  const { compactDecrypt, decodeProtectedHeader } = await import("jose");
  let cause: unknown;
  try {
    const { alg, kid } = decodeProtectedHeader(jwe);
    // `kid` is ZITADEL's id of the public key, which a key made elsewhere need
    // not bear: it says which to try first, no more.
    const candidates = keys.filter(({ algorithm }) => algorithm === alg)
      .sort((a, b) => Number(b.kid === kid) - Number(a.kid === kid));
    for (const candidate of candidates) {
      try {
        const { plaintext } = await compactDecrypt(jwe, candidate.key, {
          keyManagementAlgorithms: [candidate.algorithm],
          contentEncryptionAlgorithms: [CONTENT_ALGORITHM],
        });
        return plaintext;
      } catch (error) {
        cause = error;
      }
    }
  } catch (error) {
    cause = error;
  }
  throw new FunctionError(
    "invalid_payload",
    "The payload is not encrypted for any of the keys in PAYLOAD_PRIVATE_KEY",
    {
      cause,
      reason: "unknown_key",
      remedy:
        "Set PAYLOAD_PRIVATE_KEY to the private key whose public half the target was given; during a rotation, to a JWK set of both",
    },
  );
}

async function importPrivateKeys(text: string): Promise<PrivateKey[]> {
  const { importJWK, importPKCS8 } = await import("jose");
  const keys: PrivateKey[] = [];
  try {
    if (text.includes("-----BEGIN")) {
      const pems = text.replaceAll("\\n", "\n").match(
        /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/g,
      );
      for (const pem of pems ?? []) {
        const key = await importPKCS8(pem, KEY_ALGORITHMS.RSA)
          .catch(() => importPKCS8(pem, KEY_ALGORITHMS.EC));
        const isRsa = key.algorithm.name.startsWith("RSA");
        keys.push({ key, algorithm: KEY_ALGORITHMS[isRsa ? "RSA" : "EC"] });
      }
    } else {
      const json = JSON.parse(text) as JWK & { keys?: JWK[] };
      for (const jwk of json.keys ?? [json]) {
        const algorithm: string | undefined =
          KEY_ALGORITHMS[jwk.kty as keyof typeof KEY_ALGORITHMS];
        const key = algorithm && await importJWK(jwk, algorithm);
        if (!key || key instanceof Uint8Array) {
          throw new TypeError("A key is neither RSA nor EC");
        }
        keys.push({ key, algorithm, kid: jwk.kid });
      }
    }
  } catch {
    // What was caught may quote the key.
    keys.length = 0;
  }
  if (keys.length === 0) {
    throw new TypeError(
      "Cannot start: PAYLOAD_PRIVATE_KEY holds no RSA or EC private key that can be used",
    );
  }
  return keys;
}

function isJson(body: Uint8Array): boolean {
  for (const byte of body) {
    if (byte > 0x20) return byte === CURLY_BRACE;
  }
  return false;
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw invalid("The payload is not UTF-8", cause);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid("The payload is not JSON", cause);
  }
}

function invalid(message: string, cause?: unknown): FunctionError {
  return new FunctionError("invalid_payload", message, { cause });
}
