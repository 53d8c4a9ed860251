import type { Config } from "../config/settings.ts";
import type { FunctionCall, UserGrant } from "../request/payload.ts";

/** The function that issues SAML attributes; the others issue claims. */
export const SAML_FUNCTION = "function/presamlresponse";

/** The state of an active grant, as ZITADEL numbers it. */
const ACTIVE = 1;

/** A grant that counts. */
export interface RoleGrant {
  readonly projectId: string;
  /** The organization that gave the grant. */
  readonly organization: string;
  /** At least one. */
  readonly roles: readonly string[];
}

/** The settings that decide which grants count. */
export type GrantRules = Partial<
  Pick<Config, "projects" | "grantedBy" | "impersonation">
>;

/** Picks the grants of a call that count, in their order. */
export function roleGrants(
  call: Pick<FunctionCall, "user_grants" | "actor" | "org" | "user">,
  rules: GrantRules,
): RoleGrant[] {
  if (rules.impersonation === "none" && isImpersonated(call)) return [];
  const userOrganization = userOrganizationOf(call);
  const grants: RoleGrant[] = [];
  for (const grant of call.user_grants ?? []) {
    if (whyNotCounted(grant, rules, userOrganization)) continue;
    grants.push({
      projectId: grant.project_id,
      organization: grant.resource_owner,
      roles: grant.roles!,
    });
  }
  return grants;
}

/** Why a grant does not count. */
export type WhyNotCounted = NonNullable<ReturnType<typeof whyNotCounted>>;

/** Reports why a grant does not count; `undefined` if it does. */
export function whyNotCounted(
  { state, roles, project_id, resource_owner }: UserGrant,
  { projects, grantedBy }: GrantRules,
  userOrganization: string | undefined,
) {
  if (state !== ACTIVE) return "inactive";
  if (!roles?.length) return "no_roles";
  if (projects && !projects.has(project_id)) return "unlisted_project";
  if (!grantedBy) return undefined;
  const isOwn = grantedBy.has("user") && resource_owner === userOrganization;
  // `user` is a keyword here, so it names no organization of that id.
  const isListed = resource_owner !== "user" && grantedBy.has(resource_owner);
  return isOwn || isListed ? undefined : "unlisted_organization";
}

/** Returns the organization that the user belongs to. SAML's payload has no `org`. */
export function userOrganizationOf(
  { org, user }: Pick<FunctionCall, "org" | "user">,
): string | undefined {
  return org?.id ?? user?.resource_owner ?? undefined;
}

/** Reports whether one user acts as another. */
export function isImpersonated(call: Pick<FunctionCall, "actor">): boolean {
  return call.actor !== undefined && call.actor !== null;
}

/**
 * Reports why the application that a token is for gets no permissions;
 * `undefined` if it does. At introspection ZITADEL names the API that asks.
 * Service users are their own application, and a SAML assertion names its
 * audience, so neither is limited. ZITADEL names no application before v4
 * (fixtures/older/v3.4.9).
 */
export function whyUnlisted(
  { function: name, application, user }: Pick<
    FunctionCall,
    "function" | "application" | "user"
  >,
  applications: ReadonlySet<string> | undefined,
): "unlisted" | "unnamed" | undefined {
  if (!applications || name === SAML_FUNCTION || user?.machine) {
    return undefined;
  }
  const clientId = application?.client_id;
  if (!clientId) return "unnamed";
  return applications.has(clientId) ? undefined : "unlisted";
}
