import { importJWK, jwtVerify } from "jose";
import type { Instance } from "./instance.ts";
import type { AccessToken } from "./world.ts";

/**
 * Finds the access token that a client presents: an opaque token, a personal
 * access token, or a JWT by its `jti`. Expired tokens are not found.
 */
export async function findAccessToken(
  instance: Instance,
  presented: string,
): Promise<AccessToken | undefined> {
  const { accessTokens } = instance.world;
  const token = accessTokens.get(presented) ??
    accessTokens.get(await verifiedJti(instance, presented) ?? "");
  if (!token || token.expiresAt <= Date.now() / 1000) return undefined;
  // A JWT's jti is not a credential: everyone who sees a token can read it.
  if (token.kind === "jwt" && token.id === presented) return undefined;
  return token;
}

async function verifiedJti(
  { webKey, origin }: Instance,
  presented: string,
): Promise<string | undefined> {
  try {
    const key = await importJWK(webKey.publicJwk, "RS256");
    const { payload } = await jwtVerify(presented, key, { issuer: origin });
    return payload.jti;
  } catch {
    return undefined;
  }
}

export function bearerToken(header: string | null): string {
  return /^bearer (.+)$/i.exec(header ?? "")?.[1] ?? "";
}
