/**
 * The grant types of the token endpoint that ZITADEL implements its own way:
 * service users are their own clients. oidc-provider handles codes and refresh
 * tokens.
 *
 * @module
 */
import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from "jose";
import type { Instance } from "./instance.ts";
import { issueTokens } from "./issue_tokens.ts";
import { OAuthError } from "./oauth_error.ts";
import { type App, appOfClient, type User, userNamed } from "./world.ts";

export interface GrantRequest {
  readonly form: URLSearchParams;
  readonly authorization: string;
}

type Grant = (instance: Instance, request: GrantRequest) => Promise<unknown>;

export const GRANTS: Readonly<Record<string, Grant>> = {
  client_credentials: (instance, request) => {
    const { id, secret } = clientOf(request);
    const user = userNamed(instance.world, id);
    if (!user?.isMachine) {
      throw new OAuthError("invalid_client", "client not found");
    }
    if (user.secret === undefined || user.secret !== secret) {
      const description = "Errors.User.Machine.Secret.Invalid";
      throw new OAuthError("invalid_request", description);
    }
    return issueToServiceUser(instance, user, request);
  },
  "urn:ietf:params:oauth:grant-type:jwt-bearer": async (instance, request) => {
    const assertion = request.form.get("assertion") ?? "";
    try {
      const { kid = "" } = decodeProtectedHeader(assertion);
      const user = instance.world.users.get(decodeJwt(assertion).sub ?? "")!;
      const key = await importJWK(user.keys.get(kid)!.jwk, "RS256");
      const expected = { issuer: user.id, audience: instance.origin };
      await jwtVerify(assertion, key, expected);
      return await issueToServiceUser(instance, user, request);
    } catch (error) {
      if (error instanceof OAuthError) throw error;
      throw new OAuthError("invalid_request", "assertion invalid");
    }
  },
};

function issueToServiceUser(
  instance: Instance,
  user: User,
  { form }: GrantRequest,
): Promise<unknown> {
  const scopes = (form.get("scope") ?? "").split(" ").filter(Boolean);
  return issueTokens(instance, { user, scopes });
}

export function authenticateApp(
  { world }: Instance,
  request: GrantRequest,
): App {
  const { id, secret } = clientOf(request);
  const app = appOfClient(world, id);
  if (app?.clientSecret && app.clientSecret === secret) return app;
  throw new OAuthError("unauthorized_client", "", 401);
}

function clientOf({ form, authorization }: GrantRequest) {
  const basic = /^basic (.+)$/i.exec(authorization)?.[1];
  if (basic === undefined) {
    return {
      id: form.get("client_id") ?? "",
      secret: form.get("client_secret"),
    };
  }
  try {
    const [id = "", secret] = atob(basic).split(":", 2).map(decodeURIComponent);
    return { id, secret };
  } catch {
    throw new OAuthError("invalid_client", "client not found");
  }
}
