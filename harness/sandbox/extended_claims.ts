import { applyResponse, runFunction } from "./executions.ts";
import { type Claims, functionPayload } from "./function_payload.ts";
import type { Instance } from "./instance.ts";
import { type RoleRequest, roleRequest } from "./scopes.ts";
import {
  activeGrants,
  type User,
  type UserGrant,
  type World,
} from "./world.ts";

interface ClaimsOptions {
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

/** Creates the user's claims with what the function's targets add. */
export async function extendedClaims(
  instance: Instance,
  name: "preaccesstoken" | "preuserinfo",
  options: ClaimsOptions,
): Promise<Claims> {
  const { world } = instance;
  const { user, app } = options;
  const request = roleRequest(world, options);
  const grants = activeGrants(world, user.id)
    .filter(({ projectId }) => request.projects.has(projectId));
  const claims = userClaims(world, options, roleClaims(world, grants, request));
  const payload = functionPayload(world, `function/${name}`, {
    user,
    clientId: app.clientId,
    grants,
    userinfo: { ...claims },
  });
  const reply = await runFunction(instance, name, payload, options.token);
  applyResponse(claims, user, reply);
  return claims;
}

const METADATA = "urn:zitadel:iam:user:metadata";
const OWNER = "urn:zitadel:iam:user:resourceowner";

/** Creates a user's claims: `sub`, those of the scopes, and roles. */
function userClaims(
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
        family_name: lastName,
        given_name: firstName,
        locale: null,
      },
      preferred_username: userName,
      updated_at: Math.floor(user.changed.getTime() / 1000),
    },
    ...scopes.includes("email") && !isMachine &&
      { email, email_verified: true },
  };
}

function roleClaims(
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
