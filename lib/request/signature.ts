import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";

/**
 * How far a timestamp may be from now, in seconds, in either direction.
 * ZITADEL's own validator allows 300 s into the past and any future; a bound
 * on both sides keeps a request signed by a fast clock from staying valid.
 */
const TIMESTAMP_TOLERANCE_SECONDS = 300;

/** More signatures than any rotation needs; ZITADEL sends one. */
const MAX_SIGNATURES = 15;

/**
 * Up to this length a body's HMAC is computed at once, in bytes. Web Crypto
 * hands every HMAC to another thread and back, which takes longer for bodies up
 * to some 12 KiB; longer ones would keep the event loop busy for strangers.
 */
const MAX_SYNCHRONOUS_BYTES = 8 * 1024;

const HMAC_SHA256 = { name: "HMAC", hash: "SHA-256" } as const;
const DIGITS = /^(?:0|[1-9][0-9]{0,14})$/;
const HEX = /^[0-9a-fA-F]{64}$/;
const encoder = new TextEncoder();

/** A well-formed `ZITADEL-Signature` header: its time in seconds since 1970, and its `v1` signatures. */
export type SignatureHeader = NonNullable<
  ReturnType<typeof parseSignatureHeader>
>;

/**
 * Parses a `ZITADEL-Signature` header: `t=<seconds>,v1=<hex>[,v1=<hex>...]`, in
 * any order, unknown names ignored. As strict as ZITADEL's own validator, and
 * stricter if the timestamp is not of plain digits or not the only one, or if
 * there are more than {@linkcode MAX_SIGNATURES} signatures.
 *
 * @returns `undefined` if there is no header, or a malformed one.
 *
 * @example
 * ```ts
 * parseSignatureHeader(`t=1795469197,v1=${"0".repeat(64)}`)?.timestamp; // 1795469197
 * ```
 */
export function parseSignatureHeader(header: string | null) {
  if (!header) return undefined;
  let timestamp: number | undefined;
  const signatures: Uint8Array[] = [];
  for (const part of header.split(",")) {
    const equals = part.indexOf("=");
    if (equals < 0 || part.includes("=", equals + 1)) return undefined;
    const name = part.slice(0, equals);
    const value = part.slice(equals + 1);
    if (name === "t") {
      if (timestamp !== undefined || !DIGITS.test(value)) return undefined;
      timestamp = Number(value);
    } else if (name === "v1" && HEX.test(value)) {
      if (signatures.length === MAX_SIGNATURES) return undefined;
      signatures.push(Uint8Array.fromHex(value));
    }
  }
  if (timestamp === undefined || signatures.length === 0) return undefined;
  return { timestamp, signatures };
}

/**
 * Reports whether a signature's timestamp is near enough to now.
 *
 * @param timestamp In seconds since 1970.
 * @param now In milliseconds since 1970.
 */
export function isTimely(timestamp: number, now: number): boolean {
  return Math.abs(Math.floor(now / 1000) - timestamp) <=
    TIMESTAMP_TOLERANCE_SECONDS;
}

/** A target's signing key, prepared for both ways of computing an HMAC. */
export type SigningKey = Awaited<ReturnType<typeof importSigningKeys>>[number];

/**
 * Prepares targets' signing keys, once, so that no request has to.
 *
 * @param secrets The keys as ZITADEL shows them; their characters are the key.
 * @throws {DOMException} If a key is empty.
 */
export function importSigningKeys(secrets: readonly string[]) {
  return Promise.all(secrets.map(async (secret) => {
    const bytes = encoder.encode(secret);
    const webKey = await crypto.subtle
      .importKey("raw", bytes, HMAC_SHA256, false, ["sign"]);
    const keyed = hmac.create(sha256, bytes);
    // Reused: a new clone and digest for each call take 1 us more.
    const copy = keyed.clone();
    const digest = new Uint8Array(keyed.outputLen);
    /** Computes the HMAC-SHA256 of a prefix and a short body; the next call overwrites it. */
    const computeAtOnce = (prefix: Uint8Array, body: Uint8Array) => {
      keyed._cloneInto(copy).update(prefix).update(body).digestInto(digest);
      return digest;
    };
    return { computeAtOnce, webKey };
  }));
}

/**
 * Finds the key that signed a request. Each key costs one HMAC of the body,
 * however many signatures the header has.
 *
 * @returns The index of the key, or `undefined` if none matches; at once if the body is short.
 */
export function findSigningKey(
  keys: readonly SigningKey[],
  { timestamp, signatures }: SignatureHeader,
  body: Uint8Array,
): number | undefined | Promise<number | undefined> {
  const prefix = encoder.encode(`${timestamp}.`);
  if (body.length > MAX_SYNCHRONOUS_BYTES) {
    return findWithWebCrypto(keys, signatures, concatenate(prefix, body));
  }
  for (const [index, { computeAtOnce }] of keys.entries()) {
    if (isAmong(signatures, computeAtOnce(prefix, body))) return index;
  }
  return undefined;
}

async function findWithWebCrypto(
  keys: readonly SigningKey[],
  signatures: readonly Uint8Array[],
  message: Uint8Array<ArrayBuffer>,
): Promise<number | undefined> {
  for (const [index, { webKey }] of keys.entries()) {
    const digest = await crypto.subtle.sign("HMAC", webKey, message);
    if (isAmong(signatures, new Uint8Array(digest))) return index;
  }
  return undefined;
}

/** Compares in a time that does not depend on how much of a signature is right. */
function isAmong(
  signatures: readonly Uint8Array[],
  digest: Uint8Array,
): boolean {
  return signatures.some((signature) => {
    let difference = signature.length ^ digest.length;
    for (let i = 0; i < digest.length; i++) {
      difference |= signature[i]! ^ digest[i]!;
    }
    return difference === 0;
  });
}

function concatenate(prefix: Uint8Array, body: Uint8Array) {
  const message = new Uint8Array(prefix.length + body.length);
  message.set(prefix);
  message.set(body, prefix.length);
  return message;
}
