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
import { type App, appOfClient, userNamed } from "./world.ts";

export interface GrantRequest {
  readonly form: URLSearchParams;
  readonly authorization: string | null;
}

export type Grant = (
  instance: Instance,
  request: GrantRequest,
) => Promise<unknown>;

export const GRANTS: ReadonlyMap<string, Grant> = new Map<string, Grant>([
  ["client_credentials", clientCredentials],
  ["urn:ietf:params:oauth:grant-type:jwt-bearer", jwtProfile],
]);

async function clientCredentials(
  instance: Instance,
  request: GrantRequest,
): Promise<unknown> {
  const { id, secret } = clientOf(request);
  const user = userNamed(instance.world, id);
  if (!user?.machine) {
    throw new OAuthError("invalid_client", "client not found");
  }
  if (user.machine.secret === undefined || user.machine.secret !== secret) {
    throw new OAuthError(
      "invalid_request",
      "Errors.User.Machine.Secret.Invalid",
    );
  }
  return await issueTokens(instance, { user, scopes: scopesOf(request) });
}

async function jwtProfile(
  instance: Instance,
  request: GrantRequest,
): Promise<unknown> {
  const assertion = request.form.get("assertion") ?? "";
  const invalid = new OAuthError("invalid_request", "assertion invalid");
  let user, key;
  try {
    user = instance.world.users.get(decodeJwt(assertion).sub ?? "");
    key = user?.machine?.keys.get(decodeProtectedHeader(assertion).kid ?? "");
    if (!user || !key) throw invalid;
    await jwtVerify(assertion, await importJWK(key, "RS256"), {
      issuer: user.id,
      audience: instance.origin,
    });
  } catch {
    throw invalid;
  }
  return await issueTokens(instance, { user, scopes: scopesOf(request) });
}

export function authenticateApp(
  instance: Instance,
  request: GrantRequest,
): App {
  const { id, secret } = clientOf(request);
  const app = appOfClient(instance.world, id);
  if (!app?.clientSecret || app.clientSecret !== secret) {
    throw new OAuthError("unauthorized_client", "", 401);
  }
  return app;
}

function clientOf({ form, authorization }: GrantRequest) {
  const basic = /^basic (.+)$/i.exec(authorization ?? "")?.[1];
  if (basic === undefined) {
    return {
      id: form.get("client_id") ?? "",
      secret: form.get("client_secret") ?? "",
    };
  }
  try {
    const [id, secret] = atob(basic).split(":", 2).map(decodeURIComponent);
    return { id: id ?? "", secret: secret ?? "" };
  } catch {
    throw new OAuthError("invalid_client", "client not found");
  }
}

function scopesOf({ form }: GrantRequest): string[] {
  return (form.get("scope") ?? "").split(" ").filter(Boolean);
}
