/**
 * The userinfo and introspection endpoints. Both call `preuserinfo`, whatever
 * the kind of token, so what targets add is fresh there.
 *
 * @module
 */
import { bearerToken, findAccessToken } from "./access_tokens.ts";
import { complementClaims } from "./complement.ts";
import { runFunction } from "./executions.ts";
import { functionPayload } from "./function_payload.ts";
import { authenticateApp } from "./grants.ts";
import type { Instance } from "./instance.ts";
import { OAuthError } from "./oauth_error.ts";
import { roleRequest } from "./scopes.ts";
import { type Claims, userClaims } from "./user_claims.ts";
import type { AccessToken, User } from "./world.ts";

/**
 * Answers `GET /oidc/v1/userinfo`.
 *
 * @param instance The instance.
 * @param authorization The `Authorization` header.
 * @returns The claims.
 * @throws {OAuthError} Where the token is not valid.
 */
export async function userInfo(
  instance: Instance,
  authorization: string | null,
): Promise<Claims> {
  const token = await findAccessToken(instance, bearerToken(authorization));
  const user = token && instance.world.users.get(token.userId);
  if (!token || !user) {
    throw new OAuthError("access_denied", "access token invalid", {
      status: 401,
    });
  }
  return await freshClaims(instance, { token, user });
}

/**
 * Answers `POST /oauth/v2/introspect`.
 *
 * @param instance The instance.
 * @param request The form and the `Authorization` header.
 * @returns The token's state, and its user's claims where it is active.
 * @throws {OAuthError} Where the asking client is not known.
 */
export async function introspect(
  instance: Instance,
  request: { form: URLSearchParams; authorization: string | null },
): Promise<Claims> {
  const app = authenticateApp(instance, request);
  const token = await findAccessToken(
    instance,
    request.form.get("token") ?? "",
  );
  const user = token && instance.world.users.get(token.userId);
  // A personal access token names no project; any client may look at it.
  const isForApp = token?.kind === "personal" ||
    token?.audience.some((entry) =>
      entry === app.projectId || entry === app.clientId
    );
  if (!token || !user || !isForApp) return { active: false };
  return {
    ...await freshClaims(instance, { token, user, projectId: app.projectId }),
    active: true,
    ...(token.authTime !== undefined && {
      amr: ["pwd"],
      auth_time: token.authTime,
    }),
    aud: token.audience,
    ...(token.kind !== "personal" && { client_id: token.clientId }),
    exp: token.expiresAt,
    iat: token.issuedAt,
    iss: instance.origin,
    jti: token.id,
    nbf: token.issuedAt,
    scope: token.scopes.join(" "),
    token_type: "Bearer",
    username: user.userName,
  };
}

async function freshClaims(
  instance: Instance,
  { token, user, projectId = token.projectId }: {
    token: AccessToken;
    user: User;
    projectId?: string | undefined;
  },
): Promise<Claims> {
  const { world } = instance;
  const request = roleRequest(world, token.scopes, projectId);
  const userinfo = userClaims(world, user, {
    scopes: token.scopes,
    request,
    projectId,
    profile: true,
    roles: true,
  });
  const response = await runFunction(
    instance,
    "preuserinfo",
    functionPayload(instance, "preuserinfo", {
      user,
      clientId: token.clientId,
      request,
      userinfo,
    }),
  );
  const claims = { ...userinfo };
  complementClaims(claims, "preuserinfo", response);
  return claims;
}
