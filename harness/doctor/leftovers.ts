/**
 * What an interrupted live check left on the instance: organizations, and roles
 * and users in the organizations that own projects.
 *
 * @module
 */
import { TextQueryMethod } from "@zitadel/proto/zitadel/object_pb";
import { type Instance, to } from "../zitadel/client.ts";
import { managementOf } from "../zitadel/manage.ts";
import {
  type Organization,
  removeOrganization,
} from "../zitadel/organization.ts";
import { removeUser } from "../zitadel/user.ts";
import { answer } from "./answer.ts";
import type { OwnedProject } from "./facts.ts";
import { nameOf } from "./names.ts";

/** What everything created for a live check is called; the rest of the name is random. */
const CHECK_PREFIX = "permissions-check-";

/** Creates the name of an organization, user or role for a live check. */
export function checkName(): string {
  return CHECK_PREFIX + crypto.randomUUID().slice(0, 8);
}

/** Reports whether something was created for a live check. */
export function isLeftover({ name }: { readonly name: string }): boolean {
  return /^permissions-check-[0-9a-f]{8}$/.test(name);
}

/**
 * Finds the organizations that were created for a live check: with such a name,
 * which anyone can give an organization, and without a user of another name.
 */
export async function findLeftoverOrganizations(
  owner: Instance,
  organizations: readonly Organization[],
): Promise<Organization[]> {
  const found: Organization[] = [];
  for (const it of organizations.filter(isLeftover)) {
    if ((await listUsers(owner, it, "")).every(isLeftover)) found.push(it);
  }
  return found;
}

/** Describes those organizations, and finds what is left in the owners of projects. */
export async function findLeftovers(
  instance: Instance,
  organizations: readonly Organization[],
  projects: readonly OwnedProject[],
) {
  const found = organizations.map((it) => ({
    text: `organization ${nameOf(it)}`,
    remove: () => removeOrganization(instance, it.id),
  }));
  for (const { id: projectId, name, roles, owner } of projects) {
    for (const roleKey of roles.filter((name) => isLeftover({ name }))) {
      found.push({
        text: `role ${roleKey} of ${nameOf({ id: projectId, name })}`,
        remove: () => removeRole(instance, owner.id, { projectId, roleKey }),
      });
    }
  }
  const owners = new Map(projects.map(({ owner }) => [owner.id, owner]));
  for (const owner of owners.values()) {
    const users = await answer(() => listUsers(instance, owner, CHECK_PREFIX));
    for (const user of users.value?.filter(isLeftover) ?? []) {
      found.push({
        text: `user ${nameOf(user)} of ${nameOf(owner)}`,
        remove: () => removeUser(instance, owner.id, user.id),
      });
    }
  }
  return found;
}

/** Removes a role from a project. */
export async function removeRole(
  instance: Instance,
  organization: string,
  role: { readonly projectId: string; readonly roleKey: string },
): Promise<void> {
  await managementOf(instance, organization)
    .removeProjectRole(role, to("remove a role"));
}

async function listUsers(
  instance: Instance,
  { id }: Organization,
  userName: string,
): Promise<{ readonly id: string; readonly name: string }[]> {
  const value = { userName, method: TextQueryMethod.STARTS_WITH };
  const queries = userName
    ? [{ query: { case: "userNameQuery" as const, value } }]
    : [];
  const { result } = await managementOf(instance, id)
    .listUsers({ queries }, to("list users"));
  return result.map(({ id, userName: name }) => ({ id, name }));
}
