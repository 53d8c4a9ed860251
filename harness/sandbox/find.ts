import type { App, User, World } from "./world.ts";

export function appOfClient(world: World, clientId: string): App | undefined {
  for (const app of world.apps.values()) {
    if (app.clientId === clientId) return app;
  }
}

export function userNamed(world: World, userName: string): User | undefined {
  for (const user of world.users.values()) {
    if (user.userName === userName) return user;
  }
}
