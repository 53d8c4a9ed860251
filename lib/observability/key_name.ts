/** The longest metadata key that is logged as it is, in characters: role names are shorter. */
const MAX_KEY_LENGTH = 64;

/** How many digits of the hash tell keys apart. */
const HASH_DIGITS = 8;

/**
 * Names a metadata key in the log. A key that is long or looks like an e-mail
 * address may be personal, so its hash stands for it:
 * `printf %s KEY | sha256sum | cut -c1-8` shows which key it is.
 *
 * @param key The key.
 * @returns The key, or `sha256:` and the first digits of its hash.
 */
export async function keyName(key: string): Promise<string> {
  if (key.length <= MAX_KEY_LENGTH && !key.includes("@")) return key;
  const bytes = new TextEncoder().encode(key);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  const hex = Array.from(
    new Uint8Array(hash),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
  return `sha256:${hex.slice(0, HASH_DIGITS)}`;
}
