const encoder = new TextEncoder();

/**
 * Signs a body as ZITADEL does: HMAC-SHA256 of `<t>.<body>`.
 *
 * @param secret The target's signing key.
 * @param timestamp The time of signing, in seconds since 1970.
 * @returns The value of the `ZITADEL-Signature` header.
 */
export async function signPayload(
  secret: string,
  timestamp: number,
  body: string | Uint8Array,
): Promise<string> {
  const key = await crypto.subtle.importKey(
    "raw",
    encoder.encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const prefix = encoder.encode(`${timestamp}.`);
  const bytes = typeof body === "string" ? encoder.encode(body) : body;
  const message = new Uint8Array(prefix.length + bytes.length);
  message.set(prefix);
  message.set(bytes, prefix.length);
  const signature = await crypto.subtle.sign("HMAC", key, message);
  return `t=${timestamp},v1=${new Uint8Array(signature).toHex()}`;
}
