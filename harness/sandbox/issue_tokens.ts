import { createHash } from "node:crypto";
import { SignJWT } from "jose";
import { newIdentifier, newSecret } from "./identifier.ts";
import { extendedClaims } from "./extended_claims.ts";
import type { Instance } from "./instance.ts";
import { tokenAudience } from "./scopes.ts";
import type { Claims } from "./function_payload.ts";
import type { App, User } from "./world.ts";

/** The lifetime of tokens: ZITADEL's default of 12 hours. */
export const TOKEN_SECONDS = 12 * 3600;

export interface IssueOptions {
  readonly user: User;
  readonly scopes: readonly string[];
  /** Absent if a service user gets its own token. */
  readonly app?: App;
  /** Set if a person logged in. */
  readonly login?: {
    readonly authTime: number;
    readonly nonce: string | undefined;
    readonly sessionId: string;
  };
}

/**
 * Issues an access token and, if the scopes ask for it, an ID token. Calls
 * their functions first.
 */
export async function issueTokens(
  instance: Instance,
  { user, app, scopes, login }: IssueOptions,
) {
  const { world, origin } = instance;
  const clientId = app?.clientId ?? user.userName;
  const now = Math.floor(Date.now() / 1000);
  const authTime = login?.authTime ?? now;
  const aud = tokenAudience(world, scopes, app ?? clientId);
  const exp = now + TOKEN_SECONDS;
  const common = { iss: origin, sub: user.id, aud, exp, iat: now };
  const id = `V2_${newIdentifier()}-at_${newIdentifier()}`;
  const claimsOf = (name: "preaccesstoken" | "preuserinfo") =>
    extendedClaims(instance, name, {
      user,
      scopes,
      app: app ?? { clientId },
      token: id,
      profile: false,
      // Applications assert no roles in tokens unless told to.
      roles: app === undefined,
    });
  const kind = app?.accessToken ?? user.accessToken;
  const accessToken = kind === "jwt"
    ? await sign(instance, {
      ...await claimsOf("preaccesstoken"),
      ...common,
      nbf: now,
      client_id: clientId,
      jti: id,
    })
    : newSecret();
  const idToken = scopes.includes("openid")
    ? await sign(instance, {
      ...await claimsOf("preuserinfo"),
      ...common,
      aud: [...new Set([...aud, clientId])],
      auth_time: authTime,
      nonce: login?.nonce,
      sid: login?.sessionId,
      amr: ["pwd"],
      azp: clientId,
      client_id: clientId,
      at_hash: createHash("sha256").update(accessToken).digest()
        .subarray(0, 16).toString("base64url"),
    })
    : undefined;
  world.accessTokens.set(kind === "jwt" ? id : accessToken, {
    id,
    userId: user.id,
    clientId,
    kind,
    audience: aud,
    authTime,
    ...app && { projectId: app.projectId },
    scopes: [...scopes],
    issuedAt: now,
    expiresAt: exp,
  });
  return {
    access_token: accessToken,
    token_type: "Bearer",
    expires_in: TOKEN_SECONDS - 1,
    id_token: idToken,
  };
}

function sign({ webKey }: Instance, claims: Claims): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid: webKey.kid, typ: "JWT" })
    .sign(webKey.privateKey);
}
