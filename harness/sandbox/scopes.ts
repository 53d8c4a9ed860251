/**
 * ZITADEL's reserved scopes: they decide the audience, and whose roles are
 * asserted.
 *
 * @module
 */
import type { App, World } from "./world.ts";

const AUDIENCE = /^urn:zitadel:iam:org:project:id:(.+):aud$/;
const ROLE_PREFIX = "urn:zitadel:iam:org:project:role:";
const ALL_PROJECTS = "urn:zitadel:iam:org:projects:roles";

function audienceOf(world: World, scopes: readonly string[]): string[] {
  return scopes.flatMap((scope) => {
    const project = AUDIENCE.exec(scope)?.[1];
    if (project === undefined) return [];
    return [project === "zitadel" ? world.zitadelProjectId : project];
  });
}

/**
 * Returns a token's audience: all applications of an application's project, the
 * project itself, and every project that a scope names.
 */
export function tokenAudience(
  world: World,
  scopes: readonly string[],
  client: App | string,
): string[] {
  const asked = audienceOf(world, scopes);
  if (typeof client === "string") {
    return asked.length > 0 ? [...new Set(asked)] : [client];
  }
  const siblings = world.apps.values()
    .filter((app) => app.projectId === client.projectId)
    .map((app) => app.clientId);
  return [...new Set([...siblings, client.projectId, ...asked])];
}

/** The scopes of every personal access token. */
export const PERSONAL_TOKEN_SCOPES: readonly string[] = [
  "openid",
  "profile",
  "urn:zitadel:iam:user:metadata",
  "urn:zitadel:iam:user:resourceowner",
];

/**
 * Adds the scopes that an application's project implies: one that asserts roles
 * asks for each of them.
 */
export function scopesOfLogin(
  world: World,
  scopes: readonly string[],
  { projectId }: App,
): string[] {
  const project = world.projects.get(projectId);
  const roles = project?.roleAssertion ? [...project.roles].sort() : [];
  return [...new Set([...scopes, ...roles.map((role) => ROLE_PREFIX + role)])];
}

/** The roles that are asserted. */
export type RoleRequest = ReturnType<typeof roleRequest>;

export function roleRequest(
  world: World,
  { scopes, app, isOnlyOwn = false }: {
    readonly scopes: readonly string[];
    readonly app: { readonly projectId?: string };
    readonly isOnlyOwn?: boolean;
  },
) {
  const asked = scopes.includes(ALL_PROJECTS) ? audienceOf(world, scopes) : [];
  /** The projects whose grants count; empty for none. */
  const projects = new Set(isOnlyOwn ? [] : asked);
  /** The roles that were asked for by name; empty for all. */
  const roles = new Set(
    scopes.filter((scope) => scope.startsWith(ROLE_PREFIX))
      .map((scope) => scope.slice(ROLE_PREFIX.length)),
  );
  const own = world.projects.get(app.projectId ?? "");
  if (own && (own.roleAssertion || roles.size > 0 || asked.length > 0)) {
    projects.add(own.id);
  }
  return { own: own?.id, projects, roles };
}
