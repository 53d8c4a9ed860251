/** The longest metadata key that is logged as it is, in characters: role names are shorter. */
const MAX_KEY_LENGTH = 64;

/**
 * Characters that a terminal obeys, that hide or reorder what follows, or that
 * end a line: controls, format characters such as bidirectional overrides,
 * halves of surrogate pairs, U+2028 and U+2029.
 */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/u;

/** How many digits of the hash tell keys apart. */
const HASH_DIGITS = 8;

/**
 * Names a metadata key in the log. A key that is long or looks like an e-mail
 * address may be personal, and one with invisible characters may forge a line,
 * so its hash stands for it:
 * `printf %s KEY | sha256sum | cut -c1-8` shows which key it is.
 */
export async function keyName(key: string): Promise<string> {
  const isPlain = key.length <= MAX_KEY_LENGTH && !key.includes("@") &&
    !INVISIBLE.test(key);
  if (isPlain) return key;
  const bytes = new TextEncoder().encode(key);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256:${hash.toHex().slice(0, HASH_DIGITS)}`;
}
