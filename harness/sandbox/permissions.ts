/**
 * The rights of administrators: ZITADEL's member roles, as far as set-up,
 * doctor and the function need them.
 *
 * @module
 */
import type { User, World } from "./world.ts";

const isRead = (permission: string) => permission.endsWith(".read");
const isOfOrganization = (permission: string) =>
  /^(?:org|project|user)\./.test(permission) && permission !== "org.create";

const ROLES: Record<string, (permission: string) => boolean> = {
  IAM_OWNER: () => true,
  IAM_OWNER_VIEWER: isRead,
  IAM_LOGIN_CLIENT: (permission) =>
    /^(?:session|user)\./.test(permission) || permission === "iam.read",
  ORG_OWNER: isOfOrganization,
  ORG_OWNER_VIEWER: (permission) =>
    isOfOrganization(permission) && isRead(permission),
};

function rolesOf(world: World, user: User, organizationId: string): string[] {
  return world.members
    .filter((member) =>
      member.userId === user.id &&
      (member.organizationId ?? organizationId) === organizationId
    )
    .flatMap((member) => member.roles);
}

/** Reports whether a user has any role in an organization. */
export function isMember(
  world: World,
  user: User,
  organizationId: string,
): boolean {
  return rolesOf(world, user, organizationId).length > 0;
}

/** Reports whether a user has a permission in an organization. */
export function hasPermission(
  world: World,
  user: User,
  permission: string,
  organizationId: string,
): boolean {
  return rolesOf(world, user, organizationId).some((role) =>
    ROLES[role]?.(permission)
  );
}

/** The permissions that set-up asks about; ZITADEL has more. */
const PERMISSIONS = [
  "action.execution.write",
  "action.target.write",
  "iam.member.write",
  "org.member.write",
  "org.read",
  "org.write",
  "project.read",
  "user.credential.write",
  "user.read",
  "user.write",
];

export function permissionsIn(
  world: World,
  user: User,
  organizationId: string,
): string[] {
  return PERMISSIONS.filter((permission) =>
    hasPermission(world, user, permission, organizationId)
  );
}
