/** 2019-04-29: ZITADEL's identifiers count steps of 10 ms from here. */
const EPOCH_MS = 1_556_496_000_000;

let last = 0n;

/**
 * Creates an identifier like ZITADEL's: 18 digits, growing with time, and
 * unique in this process.
 */
export function newIdentifier(): string {
  const now = BigInt(Math.floor((Date.now() - EPOCH_MS) / 10)) << 24n;
  last = now > last ? now : last + 65_536n;
  return last.toString();
}

const ALPHABET =
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Creates a random secret of letters and digits, as ZITADEL does. */
export function newSecret(length = 64): string {
  return Array.from(
    crypto.getRandomValues(new Uint8Array(length)),
    (byte) => ALPHABET[byte % ALPHABET.length],
  ).join("");
}
