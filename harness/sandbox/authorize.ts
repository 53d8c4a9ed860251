import { Code, ConnectError } from "@connectrpc/connect";
import { importJWK, jwtVerify } from "jose";
import { notFound, permissionDenied, unauthenticated } from "./api_error.ts";
import type { ApiMethod, Call } from "./api_method.ts";
import type { Instance } from "./instance.ts";
import { hasPermission, isMember } from "./permissions.ts";

/** Finds who calls a method; throws ZITADEL's refusal if they may not. */
export async function authorize(
  instance: Instance,
  { permission }: Pick<ApiMethod, "permission">,
  headers: Headers,
): Promise<Call> {
  const { world } = instance;
  const header = headers.get("authorization");
  if (header === null) {
    throw new ConnectError("auth header missing", Code.Unauthenticated);
  }
  const { token, user: caller } =
    await findAccess(instance, bearerToken(header)) ?? {};
  if (!token?.audience.includes(world.zitadelProjectId) || !caller) {
    throw unauthenticated("Errors.Token.Invalid", "AUTH-7fs1e");
  }
  const id = headers.get("x-zitadel-orgid") || caller.organizationId;
  const organization = world.organizations.get(id);
  if (!organization) {
    throw permissionDenied("Organisation doesn't exist", "AUTH-Bs7Ds");
  }
  const call = { instance, world, caller, organization };
  if (permission !== undefined) requirePermission(call, permission, id);
  return call;
}

/** Throws unless the caller has a permission in an organization. */
export function requirePermission(
  { world, caller }: Call,
  permission: string,
  organizationId: string,
  refusal = "AUTH-5mWD2",
): void {
  if (!isMember(world, caller, organizationId)) {
    throw notFound("membership not found", "AUTHZ-cdgFk");
  }
  if (!hasPermission(world, caller, permission, organizationId)) {
    throw permissionDenied("No matching permissions found", refusal);
  }
}

/**
 * Finds the access token that a client presents, and whose it is: an opaque
 * token, a personal access token, or a JWT by its `jti`. Expired tokens are not
 * found.
 */
export async function findAccess(
  { world, webKey, origin }: Instance,
  presented: string,
) {
  let token = world.accessTokens.get(presented);
  // A JWT's jti is not a credential: everyone who sees a token can read it.
  if (token?.kind === "jwt") return undefined;
  if (!token && presented.startsWith("ey")) {
    const key = await importJWK(webKey.publicJwk, "RS256");
    const verified = await jwtVerify(presented, key, { issuer: origin })
      .catch(() => undefined);
    token = world.accessTokens.get(verified?.payload.jti ?? "");
  }
  const user = world.users.get(token?.userId ?? "");
  if (!token || !user || token.expiresAt <= Date.now() / 1000) return undefined;
  return { token, user };
}

export function bearerToken(header: string): string {
  return /^bearer (.+)$/i.exec(header)?.[1] ?? "";
}
