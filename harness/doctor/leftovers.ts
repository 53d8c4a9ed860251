/**
 * What an interrupted live check left on the instance: organizations, and users
 * in the organizations that own projects.
 *
 * @module
 */
import { TextQueryMethod } from "@zitadel/proto/zitadel/object_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { type Instance, to } from "../zitadel/client.ts";
import {
  type Organization,
  removeOrganization,
} from "../zitadel/organization.ts";
import { managementOf } from "../zitadel/manage.ts";
import { attempt } from "../zitadel/zitadel_error.ts";
import { removeUser } from "../zitadel/user.ts";

/** What everything created for a live check is called; the rest of the name is random. */
const CHECK_PREFIX = "permissions-check-";

/** Creates the name of an organization or user for a live check. */
export function checkName(): string {
  return CHECK_PREFIX + crypto.randomUUID().slice(0, 8);
}

/** Reports whether an organization or user was created for a live check. */
export function isLeftover({ name }: { readonly name: string }): boolean {
  return /^permissions-check-[0-9a-f]{8}$/.test(name);
}

/**
 * Finds the organizations that were created for a live check: with such a name,
 * which anyone can give an organization, and without a user of another name.
 */
export async function findLeftoverOrganizations(
  instance: Instance,
  organizations: readonly Organization[],
): Promise<Organization[]> {
  const found: Organization[] = [];
  for (const it of organizations.filter(isLeftover)) {
    const { result } = await managementOf(instance, it.id)
      .listUsers({}, to("list users"));
    if (result.every(({ userName: name }) => isLeftover({ name }))) {
      found.push(it);
    }
  }
  return found;
}

/** A role that a check added to a real project. */
export interface LeftoverRole {
  readonly name: string;
  readonly project: {
    readonly id: string;
    readonly name: string;
    readonly owner: Organization;
  };
}

/** A service user of a check. */
export interface LeftoverUser {
  readonly id: string;
  readonly name: string;
  readonly organization: Organization;
}

export interface Leftovers {
  readonly organizations: readonly Organization[];
  readonly roles: readonly LeftoverRole[];
  readonly users: readonly LeftoverUser[];
}

export function leftoverRoles(
  projects: readonly (LeftoverRole["project"] & {
    readonly roles: readonly string[];
  })[],
): LeftoverRole[] {
  return projects.flatMap((project) =>
    project.roles.map((name) => ({ name, project })).filter(isLeftover)
  );
}

/** Finds users of a check in the organizations that own projects. */
export async function findLeftoverUsers(
  instance: Instance,
  owners: readonly Organization[],
): Promise<LeftoverUser[]> {
  const users: LeftoverUser[] = [];
  for (const organization of owners) {
    const management = instance.service(ManagementService, {
      organization: organization.id,
    });
    const { result } = await attempt("list users", () =>
      management.listUsers({
        queries: [{
          query: {
            case: "userNameQuery",
            value: {
              userName: CHECK_PREFIX,
              method: TextQueryMethod.STARTS_WITH,
            },
          },
        }],
      }));
    for (const { id, userName: name } of result) {
      if (isLeftover({ name })) users.push({ id, name, organization });
    }
  }
  return users;
}

/** Removes what is left; returns what each was called. */
export async function removeLeftovers(
  admin: Instance,
  { organizations, roles, users }: Leftovers,
): Promise<string[]> {
  const removed: string[] = [];
  for (const { id, name } of organizations) {
    await removeOrganization(admin, id);
    removed.push(`the organization ${name} (${id})`);
  }
  for (const { name: roleKey, project } of roles) {
    const { id: projectId, owner: { id: organization } } = project;
    const management = admin.service(ManagementService, { organization });
    await attempt(
      "remove a role",
      () => management.removeProjectRole({ projectId, roleKey }),
    );
    removed.push(`the role ${roleKey} of ${project.name}`);
  }
  for (const { id, name, organization } of users) {
    await removeUser(admin, organization.id, id);
    removed.push(`the user ${name} (${id}) of ${organization.name}`);
  }
  return removed;
}
