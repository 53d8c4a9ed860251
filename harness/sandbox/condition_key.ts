import type { Condition } from "./world.ts";

/** Returns the key of a condition; equal conditions have equal keys. */
export function conditionKey(condition: Condition): string {
  return JSON.stringify(condition);
}
