import { notFound } from "../api_error.ts";
import type { Target, World } from "../world.ts";

export function targetOf(world: World, id: string): Target {
  const target = world.targets.get(id);
  if (!target) throw notFound("Target not found", "QUERY-hj5oaniyrz");
  return target;
}
