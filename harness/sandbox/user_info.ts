/**
 * The userinfo and introspection endpoints. Both call `preuserinfo` for any
 * kind of token, so the claims of targets are fresh there.
 *
 * @module
 */
import { bearerToken, findAccess } from "./authorize.ts";
import { ExecutionError } from "./executions.ts";
import { authenticateApp, type GrantRequest } from "./grants.ts";
import { extendedClaims } from "./extended_claims.ts";
import type { Instance } from "./instance.ts";
import { OAuthError } from "./oauth_error.ts";
import { scopesOfLogin } from "./scopes.ts";
import type { Claims } from "./function_payload.ts";

export async function userInfo(
  instance: Instance,
  authorization: string,
): Promise<Claims> {
  const found = await findAccess(instance, bearerToken(authorization));
  if (!found) {
    throw new OAuthError("access_denied", "access token invalid", 401);
  }
  const { token, user } = found;
  return await extendedClaims(instance, "preuserinfo", {
    user,
    scopes: token.scopes,
    app: token,
    profile: true,
    roles: true,
  });
}

export async function introspect(
  instance: Instance,
  request: GrantRequest,
): Promise<Claims> {
  const app = authenticateApp(instance, request);
  const presented = request.form.get("token") ?? "";
  const found = await findAccess(instance, presented);
  if (!found) return { active: false };
  const { token, user } = found;
  const isPersonal = token.kind === "personal";
  // A personal access token names no project; any application may inspect it.
  const aud = isPersonal ? [app.clientId, app.projectId] : token.audience;
  if (!aud.includes(app.projectId) && !aud.includes(app.clientId)) {
    return { active: false };
  }
  const scopes = isPersonal
    ? scopesOfLogin(instance.world, token.scopes, app)
    : token.scopes;
  try {
    return {
      ...await extendedClaims(instance, "preuserinfo", {
        user,
        scopes,
        app,
        profile: true,
        roles: true,
        isOnlyOwn: true,
      }),
      ...token.authTime !== undefined && {
        amr: ["pwd"],
        auth_time: token.authTime,
      },
      ...!isPersonal && { client_id: token.clientId },
      ...scopes.includes("profile") && { username: user.userName },
      active: true,
      aud,
      iss: instance.origin,
      jti: token.id,
      exp: token.expiresAt,
      iat: token.issuedAt,
      nbf: token.issuedAt,
      scope: scopes.join(" "),
      token_type: "Bearer",
    };
  } catch (error) {
    // Introspection hides a target's refusal behind "not active".
    if (error instanceof ExecutionError) return { active: false };
    throw error;
  }
}
