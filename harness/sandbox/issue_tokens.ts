import { SignJWT } from "jose";
import { extendedClaims } from "./extended_claims.ts";
import { newIdentifier, newSecret } from "./identifier.ts";
import type { Instance } from "./instance.ts";
import { tokenAudience } from "./scopes.ts";
import type { Claims } from "./user_claims.ts";
import type { AccessToken, App, User } from "./world.ts";

/** The lifetime of tokens: ZITADEL's default of 12 hours. */
export const TOKEN_SECONDS = 12 * 3600;

export interface IssueOptions {
  readonly user: User;
  readonly scopes: readonly string[];
  /** Absent if a service user gets its own token. */
  readonly app?: App | undefined;
  /** Set if a person logged in. */
  readonly login?: {
    readonly authTime: number;
    readonly nonce?: string | undefined;
    readonly sessionId?: string | undefined;
  } | undefined;
}

export interface TokenResponse {
  access_token: string;
  token_type: "Bearer";
  /** In seconds. */
  expires_in: number;
  /** Present if the scopes include `openid`. */
  id_token?: string;
}

/**
 * Issues an access token and, if the scopes ask for it, an ID token. Calls
 * their functions first.
 */
export async function issueTokens(
  instance: Instance,
  { user, app, scopes, login }: IssueOptions,
): Promise<TokenResponse> {
  const { world } = instance;
  const clientId = app?.clientId ?? user.userName;
  const now = Math.floor(Date.now() / 1000);
  const common = {
    iss: instance.origin,
    sub: user.id,
    aud: tokenAudience(world, scopes, app ?? clientId),
    exp: now + TOKEN_SECONDS,
    iat: now,
  };
  const id = `V2_${newIdentifier()}-at_${newIdentifier()}`;
  const claimsOf = {
    token: id,
    user,
    scopes,
    app: app ?? { clientId },
    profile: false,
    // Applications assert no roles in tokens unless told to.
    roles: app === undefined,
  };
  const kind = app?.accessToken ?? user.machine?.accessToken ?? "opaque";
  const token: AccessToken = {
    id,
    userId: user.id,
    clientId,
    ...(app && { projectId: app.projectId }),
    scopes: [...scopes],
    audience: common.aud,
    issuedAt: now,
    expiresAt: common.exp,
    authTime: login?.authTime ?? now,
    kind,
  };
  const accessToken = kind === "jwt"
    ? await sign(instance, {
      ...await extendedClaims(instance, "preaccesstoken", claimsOf),
      ...common,
      nbf: now,
      client_id: clientId,
      jti: id,
    })
    : newSecret(64);
  const idToken = scopes.includes("openid")
    ? await sign(instance, {
      ...await extendedClaims(instance, "preuserinfo", claimsOf),
      ...common,
      aud: [...new Set([...common.aud, clientId])],
      auth_time: login?.authTime ?? now,
      ...(login?.nonce !== undefined && { nonce: login.nonce }),
      amr: ["pwd"],
      azp: clientId,
      client_id: clientId,
      at_hash: await accessTokenHash(accessToken),
      ...(login?.sessionId !== undefined && { sid: login.sessionId }),
    })
    : undefined;
  world.accessTokens.set(kind === "jwt" ? id : accessToken, token);
  return {
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: TOKEN_SECONDS - 1,
    ...(idToken !== undefined && { id_token: idToken }),
  };
}

function sign({ webKey }: Instance, claims: Claims): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid: webKey.kid, typ: "JWT" })
    .sign(webKey.privateKey);
}

async function accessTokenHash(accessToken: string): Promise<string> {
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(accessToken),
  );
  return new Uint8Array(digest, 0, 16).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
}
