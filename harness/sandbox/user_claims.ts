import type { RoleRequest } from "./scopes.ts";
import type { User, UserGrant, World } from "./world.ts";

export type Claims = Record<string, unknown>;

export interface ClaimsOptions {
  readonly user: User;
  readonly scopes: readonly string[];
  /** The asking application, and the project whose roles it may see. */
  readonly app: { readonly clientId: string; readonly projectId?: string };
  /** Whether `profile`, `email` and similar scopes add claims. */
  readonly profile: boolean;
  /** Whether roles are claims. */
  readonly roles: boolean;
  /** Whether only grants of the application's own project count. */
  readonly isOnlyOwn?: boolean;
  /** The id of the access token that is being issued. */
  readonly token?: string;
}

const METADATA = "urn:zitadel:iam:user:metadata";
const OWNER = "urn:zitadel:iam:user:resourceowner";

/** Creates a user's claims: `sub`, those of the scopes, and roles. */
export function userClaims(
  world: World,
  { user, scopes, profile, roles }: ClaimsOptions,
  ofRoles: Claims,
): Claims {
  const { id, metadata, organizationId } = user;
  const organization = world.organizations.get(organizationId);
  return {
    sub: id,
    ...profile && profileClaims(user, scopes),
    ...roles && ofRoles,
    ...scopes.includes(METADATA) && metadata.size > 0 && {
      [METADATA]: Object.fromEntries(
        Array.from(metadata, ([key, { value }]) => [
          key,
          value.toBase64({ alphabet: "base64url", omitPadding: true }),
        ]),
      ),
    },
    ...scopes.includes(OWNER) && organization && {
      [`${OWNER}:id`]: organization.id,
      [`${OWNER}:name`]: organization.name,
      [`${OWNER}:primary_domain`]: organization.primaryDomain,
    },
  };
}

function profileClaims(user: User, scopes: readonly string[]): Claims {
  const { name, firstName, lastName, userName, isMachine, email } = user;
  return {
    ...scopes.includes("profile") && {
      name,
      ...!isMachine && {
        ...{ family_name: lastName, given_name: firstName, locale: null },
      },
      preferred_username: userName,
      updated_at: Math.floor(user.changed.getTime() / 1000),
    },
    ...scopes.includes("email") && !isMachine &&
      { email, email_verified: true },
  };
}

export function roleClaims(
  world: World,
  grants: readonly UserGrant[],
  request: RoleRequest,
): Claims {
  const claims: Record<string, Record<string, Claims>> = {};
  for (const grant of grants) {
    const { projectId, organizationId } = grant;
    const domain = world.organizations.get(organizationId)?.primaryDomain;
    const keys = [`urn:zitadel:iam:org:project:${projectId}:roles`];
    if (projectId === request.own) {
      keys.push("urn:zitadel:iam:org:project:roles");
    }
    for (const role of grant.roles) {
      if (request.roles.size > 0 && !request.roles.has(role)) continue;
      for (const key of keys) {
        // Without a prototype, since a role may be called `constructor`.
        const roles: typeof claims[string] = claims[key] ??= Object.create(
          null,
        );
        (roles[role] ??= {})[organizationId] = domain;
      }
    }
  }
  return claims;
}
