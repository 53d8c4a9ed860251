import type { Condition } from "./world.ts";

/** Names a condition, so that one execution is kept for each. */
export function conditionKey(condition: Condition): string {
  return JSON.stringify(condition);
}
