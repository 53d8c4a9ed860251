import type { App, User, World } from "./world.ts";

/**
 * Finds an application by its client id.
 *
 * @param world The world.
 * @param clientId The client id.
 * @returns The application, if there is one.
 */
export function appOfClient(world: World, clientId: string): App | undefined {
  for (const app of world.apps.values()) {
    if (app.clientId === clientId) return app;
  }
}

/**
 * Finds a user by name.
 *
 * @param world The world.
 * @param userName The user's name, which is unique.
 * @returns The user, if there is one.
 */
export function userNamed(world: World, userName: string): User | undefined {
  for (const user of world.users.values()) {
    if (user.userName === userName) return user;
  }
}
