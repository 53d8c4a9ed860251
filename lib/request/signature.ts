/**
 * How far a timestamp may be from now, in seconds, in either direction.
 * ZITADEL's own validator allows 300 s into the past and any future; a bound
 * on both sides keeps a request signed by a fast clock from staying valid.
 */
export const TIMESTAMP_TOLERANCE_SECONDS = 300;

/**
 * More signatures than any rotation needs; ZITADEL sends one.
 */
export const MAX_SIGNATURES = 15;

const HMAC_SHA256 = { name: "HMAC", hash: "SHA-256" } as const;
const DIGITS = /^(?:0|[1-9][0-9]{0,14})$/;
const HEX = /^[0-9a-fA-F]{64}$/;
const encoder = new TextEncoder();

/** A well-formed `ZITADEL-Signature` header. */
export interface SignatureHeader {
  /** When the request was signed, in seconds since 1970. */
  readonly timestamp: number;
  /** The `v1` signatures that have the length of an HMAC-SHA256. */
  readonly signatures: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * Parses a `ZITADEL-Signature` header: `t=<seconds>,v1=<hex>[,v1=<hex>...]`, in
 * any order, unknown names ignored. As strict as ZITADEL's own validator, and
 * stricter if the timestamp is not of plain digits or not the only one, or if
 * there are more than {@linkcode MAX_SIGNATURES} signatures.
 *
 * @param header The header's value; `null` if there is none.
 * @returns The timestamp and the signatures, or `undefined` if the header is malformed.
 *
 * @example
 * ```ts
 * parseSignatureHeader(`t=1795469197,v1=${"0".repeat(64)}`)?.timestamp; // 1795469197
 * ```
 */
export function parseSignatureHeader(
  header: string | null,
): SignatureHeader | undefined {
  if (!header) return undefined;
  let timestamp: number | undefined;
  const signatures: Uint8Array<ArrayBuffer>[] = [];
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
 * @param timestamp When the request was signed, in seconds since 1970.
 * @param now The present, in milliseconds since 1970.
 * @returns `true` if it is within {@linkcode TIMESTAMP_TOLERANCE_SECONDS}.
 */
export function isTimely(timestamp: number, now: number): boolean {
  return Math.abs(Math.floor(now / 1000) - timestamp) <=
    TIMESTAMP_TOLERANCE_SECONDS;
}

/**
 * Imports targets' signing keys, once, so that no request has to.
 *
 * @param secrets The keys as ZITADEL shows them; their characters are the key.
 * @returns The imported keys, in the same order.
 * @throws {DOMException} If a key is empty.
 */
export function importSigningKeys(
  secrets: readonly string[],
): Promise<CryptoKey[]> {
  return Promise.all(
    secrets.map((secret) =>
      crypto.subtle.importKey(
        "raw",
        encoder.encode(secret),
        HMAC_SHA256,
        false,
        ["sign", "verify"],
      )
    ),
  );
}

/**
 * Finds the key that signed a request. Web Crypto compares in constant time, and
 * each key costs one HMAC of the body, however many signatures the header has.
 *
 * @param keys The configured signing keys.
 * @param header The request's signature header.
 * @param body The request's body as received.
 * @returns The index of the key that matches one of the signatures, or `undefined` if none does.
 */
export async function findSigningKey(
  keys: readonly CryptoKey[],
  header: SignatureHeader,
  body: Uint8Array,
): Promise<number | undefined> {
  const message = signedMessage(header.timestamp, body);
  for (const [index, key] of keys.entries()) {
    if (await matchesAny(key, header.signatures, message)) return index;
  }
  return undefined;
}

function matchesAny(
  key: CryptoKey,
  signatures: readonly Uint8Array<ArrayBuffer>[],
  message: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  return signatures.length === 1
    ? crypto.subtle.verify("HMAC", key, signatures[0]!, message)
    : matchesOneOf(key, signatures, message);
}

async function matchesOneOf(
  key: CryptoKey,
  signatures: readonly Uint8Array<ArrayBuffer>[],
  message: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  // Two texts with the same HMAC are the same: so each signature is compared with
  // the right one by an HMAC of its 32 bytes, and not of the whole body again.
  const right = await crypto.subtle.sign("HMAC", key, message);
  const tag = await crypto.subtle.sign("HMAC", key, right);
  for (const signature of signatures) {
    if (await crypto.subtle.verify("HMAC", key, tag, signature)) return true;
  }
  return false;
}

/**
 * Signs a body as ZITADEL does: HMAC-SHA256 of `<t>.<body>`.
 *
 * @param secret The target's signing key.
 * @param timestamp The time of signing, in seconds since 1970.
 * @param body The body as it will be sent.
 * @returns The value of the `ZITADEL-Signature` header.
 */
export async function signPayload(
  secret: string,
  timestamp: number,
  body: string | Uint8Array,
): Promise<string> {
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const [key] = await importSigningKeys([secret]);
  const signature = await crypto.subtle.sign(
    "HMAC",
    key!,
    signedMessage(timestamp, bytes),
  );
  return `t=${timestamp},v1=${new Uint8Array(signature).toHex()}`;
}

function signedMessage(
  timestamp: number,
  body: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const prefix = `${timestamp}.`;
  const message = new Uint8Array(prefix.length + body.length);
  encoder.encodeInto(prefix, message);
  message.set(body, prefix.length);
  return message;
}
