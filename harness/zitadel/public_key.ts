import { z } from "zod";
import { type Instance, postJson } from "./client.ts";

const PublicKeys = z.object({
  publicKeys: z.array(z.object({
    active: z.boolean().default(false),
    expirationDate: z.optional(z.string()),
    /** The PEM file, in base64. */
    publicKey: z.base64(),
  })).default([]),
});

/** What a target's payloads are encrypted for. */
export type PublicKey = Awaited<
  ReturnType<typeof listActivePublicKeys>
>[number];

/**
 * Lists each active public key that a target's payloads are encrypted for: at most
 * one. Once it expires, ZITADEL lists it as active and does not call
 * the target (seen on v4.13.1). The descriptor of this call, of v4.8 and later, is not
 * published, so it is made as JSON.
 */
export async function listActivePublicKeys(
  instance: Instance,
  target: string,
) {
  const path = `/v2/actions/targets/${encodeURIComponent(target)}/publickeys`;
  const response = await postJson(instance, `${path}/search`);
  const text = await response.text();
  const listed = response.ok
    ? PublicKeys.safeParse(JSON.parse(text))
    : undefined;
  if (!listed?.success) {
    throw new Error(
      `Cannot list the public keys of the target: ZITADEL answered ${response.status}`,
    );
  }
  return listed.data.publicKeys.filter(({ active }) => active)
    .map(({ publicKey, expirationDate }) => ({
      pem: atob(publicKey),
      /** Milliseconds since 1970; `undefined` if it does not expire. */
      expiresAt: expirationDate ? Date.parse(expirationDate) : undefined,
    }))
    .filter(({ expiresAt = Infinity }) => expiresAt > Date.now());
}
