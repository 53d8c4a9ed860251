// @ts-check
/** @import { Item } from "../types.ts" */

/**
 * Reads a permissions claim in any of the function's shapes: a list, a string,
 * an object of lists by project, or one of those by organization.
 *
 * @param {unknown} value The claim's value.
 * @returns {Item[] | undefined} `undefined` if it has none of these shapes.
 */
export function readPermissions(value) {
  if (typeof value === "string") {
    return value
      .split(" ")
      .filter(Boolean)
      .map((permission) => ({ permission }));
  }
  if (Array.isArray(value)) {
    return value.every((it) => typeof it === "string") ? value.map((permission) => ({ permission })) : undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const items = [];
  for (const [id, part] of Object.entries(value)) {
    const isNested = !Array.isArray(part);
    const inner = typeof part === "string" ? undefined : readPermissions(part);
    if (!inner || (isNested && inner.some(({ project }) => !project))) {
      return undefined;
    }
    if (inner.some(({ organization }) => organization)) return undefined;
    items.push(...inner.map((item) => (isNested ? { ...item, organization: id } : { ...item, project: id })));
  }
  return items;
}
