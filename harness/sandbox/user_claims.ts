import type { RoleRequest } from "./scopes.ts";
import type { User, UserGrant, World } from "./world.ts";

export type Claims = Record<string, unknown>;

export interface UserClaimsOptions {
  readonly scopes: readonly string[];
  readonly request: RoleRequest;
  readonly projectId?: string | undefined;
  /** Whether `profile`, `email` and similar scopes add claims. */
  readonly profile: boolean;
  readonly roles: boolean;
}

/** Lists the active grants of the projects that were asked for. */
export function assertedGrants(
  world: World,
  user: User,
  request: RoleRequest,
): UserGrant[] {
  return [...world.userGrants.values()].filter((grant) =>
    grant.userId === user.id && grant.active &&
    request.projects.has(grant.projectId)
  );
}

/** Creates a user's claims: `sub`, those of the scopes, and roles. */
export function userClaims(
  world: World,
  user: User,
  options: UserClaimsOptions,
): Claims {
  const { scopes } = options;
  const claims: Claims = { sub: user.id };
  if (options.profile) Object.assign(claims, profileClaims(user, scopes));
  if (options.roles) {
    Object.assign(claims, roleClaims(world, user, options));
  }
  if (
    scopes.includes("urn:zitadel:iam:user:metadata") && user.metadata.size > 0
  ) {
    claims["urn:zitadel:iam:user:metadata"] = Object.fromEntries(
      [...user.metadata].map(([key, { value }]) => [
        key,
        value.toBase64({ alphabet: "base64url", omitPadding: true }),
      ]),
    );
  }
  const organization = world.organizations.get(user.organizationId);
  if (scopes.includes("urn:zitadel:iam:user:resourceowner") && organization) {
    const prefix = "urn:zitadel:iam:user:resourceowner";
    claims[`${prefix}:id`] = organization.id;
    claims[`${prefix}:name`] = organization.name;
    claims[`${prefix}:primary_domain`] = organization.primaryDomain;
  }
  return claims;
}

function profileClaims(user: User, scopes: readonly string[]): Claims {
  const claims: Claims = {};
  if (scopes.includes("profile")) {
    claims["name"] = user.human
      ? `${user.human.firstName} ${user.human.lastName}`
      : user.machine?.name;
    if (user.human) {
      claims["family_name"] = user.human.lastName;
      claims["given_name"] = user.human.firstName;
      claims["locale"] = null;
    }
    claims["preferred_username"] = user.userName;
    claims["updated_at"] = Math.floor(user.changed.getTime() / 1000);
  }
  if (scopes.includes("email") && user.human) {
    claims["email"] = user.human.email;
    claims["email_verified"] = true;
  }
  return claims;
}

function roleClaims(
  world: World,
  user: User,
  { request, projectId }: UserClaimsOptions,
): Claims {
  const claims: Record<string, Record<string, Claims>> = {};
  for (const grant of assertedGrants(world, user, request)) {
    const domain = world.organizations.get(grant.organizationId)?.primaryDomain;
    const keys = [`urn:zitadel:iam:org:project:${grant.projectId}:roles`];
    if (grant.projectId === projectId) {
      keys.push("urn:zitadel:iam:org:project:roles");
    }
    for (const role of grant.roles) {
      if (request.roles.size > 0 && !request.roles.has(role)) continue;
      for (const key of keys) {
        const roles = claims[key] ??= emptyObject<Claims>();
        (roles[role] ??= {})[grant.organizationId] = domain;
      }
    }
  }
  return claims;
}

/** Without a prototype, since a role may be called `constructor`. */
function emptyObject<Value>(): Record<string, Value> {
  return Object.create(null);
}
