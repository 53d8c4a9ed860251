import type { Condition } from "./world.ts";

/**
 * Names a condition, so that one execution is kept for each.
 *
 * @param condition The condition.
 * @returns A text that is the same for equal conditions only.
 */
export function conditionKey(condition: Condition): string {
  return JSON.stringify(condition);
}
