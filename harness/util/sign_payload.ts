import { createHmac } from "node:crypto";

/**
 * Signs a body as ZITADEL does: HMAC-SHA256 of `<t>.<body>`.
 *
 * @param secret The target's signing key.
 * @param timestamp The time of signing, in seconds since 1970.
 * @returns The value of the `ZITADEL-Signature` header.
 */
export function signPayload(
  secret: string,
  timestamp: number,
  body: string | Uint8Array,
): string {
  const hmac = createHmac("sha256", secret).update(`${timestamp}.`);
  return `t=${timestamp},v1=${hmac.update(body).digest("hex")}`;
}
