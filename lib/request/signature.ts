/**
 * How far a timestamp may lie from now, in seconds, in either direction.
 * ZITADEL's own validator allows 300 s into the past and any future; a bound
 * on both sides keeps a request of a badly set clock from living forever.
 */
export const TIMESTAMP_TOLERANCE_SECONDS = 300;

/**
 * More signatures than any rotation needs. ZITADEL sends one; the bound keeps
 * one request from costing thousands of HMACs.
 */
export const MAX_SIGNATURES = 15;

const HMAC_SHA256 = { name: "HMAC", hash: "SHA-256" } as const;
const DIGITS = /^(?:0|[1-9][0-9]{0,14})$/;
const HEX = /^[0-9a-fA-F]{64}$/;
const encoder = new TextEncoder();

/** A `ZITADEL-Signature` header that has the right shape. */
export interface SignatureHeader {
  /** When the request was signed, in seconds since 1970. */
  readonly timestamp: number;
  /** The `v1` signatures that have the length of an HMAC-SHA256. */
  readonly signatures: readonly Uint8Array<ArrayBuffer>[];
}

/**
 * Reads a `ZITADEL-Signature` header: `t=<seconds>,v1=<hex>[,v1=<hex>...]`, in
 * any order, unknown names ignored. As strict as ZITADEL's own validator, and
 * stricter where the timestamp is not of plain digits or not the only one, and
 * where there are more than {@linkcode MAX_SIGNATURES} signatures.
 *
 * @param header The header's value, `null` where there is none.
 * @returns What the header says, or `undefined` where nothing can come of it.
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
  for (let begin = 0, end; begin <= header.length; begin = end + 1) {
    end = header.indexOf(",", begin);
    if (end < 0) end = header.length;
    const equals = header.indexOf("=", begin);
    const another = header.indexOf("=", equals + 1);
    if (equals < 0 || equals > end || another >= 0 && another < end) {
      return undefined;
    }
    const name = header.slice(begin, equals);
    const value = header.slice(equals + 1, end);
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
 * Says whether a signature's timestamp is near enough to now.
 *
 * @param timestamp When the request was signed, in seconds since 1970.
 * @param now The present, in milliseconds since 1970.
 * @returns Whether it lies within {@linkcode TIMESTAMP_TOLERANCE_SECONDS}.
 */
export function isTimely(timestamp: number, now: number): boolean {
  return Math.abs(Math.floor(now / 1000) - timestamp) <=
    TIMESTAMP_TOLERANCE_SECONDS;
}

/**
 * Imports targets' signing keys, once, so that no request pays for it.
 *
 * @param secrets The keys as ZITADEL shows them; their characters are the key.
 * @returns The imported keys, in the same order.
 * @throws {DOMException} Where a key is empty.
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
        [
          "sign",
          "verify",
        ],
      )
    ),
  );
}

/**
 * Finds the key that signed a request. Web Crypto compares in constant time,
 * and every signature is tried with every key.
 *
 * @param keys The configured signing keys.
 * @param header The request's signature header.
 * @param body The request's body as received.
 * @returns The index of the key that made one of the signatures, or -1.
 */
export async function findSigningKey(
  keys: readonly CryptoKey[],
  header: SignatureHeader,
  body: Uint8Array,
): Promise<number> {
  const message = signedMessage(header.timestamp, body);
  for (const signature of header.signatures) {
    for (const [index, key] of keys.entries()) {
      if (await crypto.subtle.verify("HMAC", key, signature, message)) {
        return index;
      }
    }
  }
  return -1;
}

/**
 * Signs a body the way ZITADEL does: HMAC-SHA256 of `<t>.<body>`.
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
