import assert from "node:assert/strict";
import {
  CompactEncrypt,
  CompactSign,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
} from "jose";
import {
  type Fixture,
  FIXTURES_URL,
  readFixture,
} from "../../../harness/fixtures/fixture.ts";
import { UPSTREAM_ORIGIN } from "../../../harness/sandbox/upstream.ts";
import { createEnvelopeOpener } from "../../../lib/request/envelope.ts";
import { createSigningKeys } from "../../../lib/zitadel/signing_keys.ts";
import { connectionBy } from "../zitadel/_connection.ts";

/** Where the instance publishes its keys. */
export const KEYS_URL = `${UPSTREAM_ORIGIN}/oauth/v2/keys`;
/** Makes bytes of text. */
export const encoder = new TextEncoder();

/** What ZITADEL sent as a JWS, and as JWEs for an RSA and an EC key. */
export const [jwt, jweRsa, jweEc] = await Promise.all(
  ["jwt", "jwe_rsa", "jwe_ec"].map((type) =>
    readFixture(new URL(`calls/payload_type_${type}.json`, FIXTURES_URL))
  ),
) as [Fixture, Fixture, Fixture];

/** The private keys that open the recorded payloads. */
export const rsaJwk = JSON.parse(jweRsa.settings!.PAYLOAD_PRIVATE_KEY!) as JWK;
/** The same for the other. */
export const ecJwk = JSON.parse(jweEc.settings!.PAYLOAD_PRIVATE_KEY!) as JWK;
/** The id of the key that a recorded payload names. */
export const kidOf = ({ request }: Fixture): string =>
  JSON.parse(atob(request.body.split(".")[0]!)).kid;

/** An instance of one's own, since the recorded one's signing keys are not known. */
export const instance = await generateKeyPair("ES256");
/** A key that the instance does not have. */
export const foreign = await generateKeyPair("ES256");
/** The instance's key, as it publishes it. */
export const publicJwk = { ...await exportJWK(instance.publicKey), kid: "1" };
/** The instance's keys, as it publishes them. */
export const ownKeys = { keys: [publicJwk] };

/** The public half of {@linkcode rsaJwk}. */
const rsaPublicKey = await publicHalf("RSA-OAEP-256");

/** Imports the public half of {@linkcode rsaJwk} for an algorithm. */
export async function publicHalf(alg: string): Promise<CryptoKey> {
  const { kty, n, e } = rsaJwk;
  return await importJWK({ kty, n, e } as JWK, alg) as CryptoKey;
}

/** What is signed and encrypted. */
export const PAYLOAD = { function: "function/preaccesstoken", a: "é" };

/** Signs a payload. */
export function sign(
  payload: unknown = PAYLOAD,
  { key = instance.privateKey, kid = "1", alg = "ES256", ...header }: {
    key?: CryptoKey;
    kid?: string;
    alg?: string;
    [name: string]: unknown;
  } = {},
): Promise<string> {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return new CompactSign(encoder.encode(text))
    .setProtectedHeader({ ...header, alg, kid })
    .sign(key);
}

/** Encrypts a text. */
export function encrypt(
  plaintext: string,
  { key = rsaPublicKey, alg = "RSA-OAEP-256", enc = "A256GCM" }: {
    key?: CryptoKey | Uint8Array;
    alg?: string;
    enc?: string;
  } = {},
): Promise<string> {
  return new CompactEncrypt(encoder.encode(plaintext))
    .setProtectedHeader({ alg, enc })
    .encrypt(key);
}

/** Encodes a text. */
export function base64url(text: string): string {
  const options = { alphabet: "base64url", omitPadding: true } as const;
  return encoder.encode(text).toBase64(options);
}

/** An opener, and how often the instance's keys were fetched. */
export async function opener(
  { jwks = ownKeys, privateKey, fetch }: {
    jwks?: unknown;
    privateKey?: string;
    fetch?: typeof globalThis.fetch;
  } = {},
) {
  const state = { fetches: 0, jwks };
  const connection = connectionBy((input, init) => {
    state.fetches++;
    assert.equal(String(input), KEYS_URL);
    if (fetch) return fetch(input, init);
    return Promise.resolve(Response.json(state.jwks));
  });
  const findKey = createSigningKeys(connection);
  const openEnvelope = await createEnvelopeOpener(findKey, privateKey);
  const openBody = (body: Uint8Array) =>
    openEnvelope(body, () => AbortSignal.timeout(5_000));
  return {
    state,
    openBody,
    open: async (text: string) => await openBody(encoder.encode(text)),
  };
}

/** Sets the clock of the library that keeps the instance's keys. */
export class Clock implements Disposable {
  /** The time, in milliseconds since 1970. */
  now: number = Date.now();
  readonly #real = Date.now;

  constructor() {
    Date.now = () => this.now;
  }

  [Symbol.dispose](): void {
    Date.now = this.#real;
  }
}
