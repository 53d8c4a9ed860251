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

/**
 * Reports whether a claim holds a permission, by the rules of
 * `examples/api/`: the whole name, and if the shape tells them apart, in this
 * project and organization only.
 *
 * @param {unknown} value The claim's value.
 * @param {string} permission
 * @param {{ project?: string | undefined, organization?: string | undefined }} [where]
 */
export function hasPermission(value, permission, where = {}) {
  return (
    readPermissions(value)?.some(
      (item) =>
        item.permission === permission &&
        (!item.project || !where.project || item.project === where.project) &&
        (!item.organization || !where.organization || item.organization === where.organization),
    ) ?? false
  );
}
