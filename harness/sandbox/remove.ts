/**
 * Removes objects and everything that belongs to them.
 *
 * @module
 */
import type { World } from "./world.ts";

export function removeOrganization(world: World, id: string): void {
  world.organizations.delete(id);
  world.members = world.members.filter((member) =>
    member.organizationId !== id
  );
  for (const project of world.projects.values()) {
    if (project.organizationId === id) removeProject(world, project.id);
  }
  for (const user of world.users.values()) {
    if (user.organizationId === id) removeUser(world, user.id);
  }
}

export function removeProject(world: World, id: string): void {
  world.projects.delete(id);
  for (const map of [world.apps, world.projectGrants, world.userGrants]) {
    for (const [key, { projectId }] of map) {
      if (projectId === id) map.delete(key);
    }
  }
}

export function removeUser(world: World, id: string): void {
  world.users.delete(id);
  world.members = world.members.filter(({ userId }) => userId !== id);
  for (const map of [world.userGrants, world.accessTokens]) {
    for (const [key, { userId }] of map) {
      if (userId === id) map.delete(key);
    }
  }
}
