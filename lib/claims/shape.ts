/**
 * The forms that the permissions claim can have, for tokens (any JSON value)
 * and for SAML (strings only).
 *
 * @module
 */
import type { PermissionsShape } from "../config/settings.ts";
import { distinct, mergeDistinct } from "../util/distinct.ts";
import type { Granted } from "./permissions.ts";

/** What a grant permits, and where. */
type Permitted = Pick<Granted, "projectId" | "organization" | "permissions">;

/** The ids under which names stand in each shape, outermost first. */
const IDS: Readonly<
  Record<PermissionsShape, readonly ("organization" | "projectId")[]>
> = {
  list: [],
  string: [],
  by_project: ["projectId"],
  by_organization: ["organization", "projectId"],
};

/** A claim's value, and what happened on the way to it. */
export interface ShapedValue<T = unknown> {
  readonly value: T;
  /** How many names were left out because this shape cannot carry them. */
  readonly omitted: number;
  /** Whether an earlier target's value was replaced because it has another shape. */
  readonly replaced: boolean;
}

/** Names under the same ids. */
interface Group {
  readonly ids: readonly string[];
  readonly names: readonly string[];
}

/**
 * Builds the value of the permissions claim. Earlier targets' values are merged
 * if they have the same shape.
 */
export function shapePermissions(
  shape: PermissionsShape,
  granted: readonly Permitted[],
  earlier: readonly unknown[] = [],
): ShapedValue {
  const depth = IDS[shape].length;
  const isText = shape === "string";
  const before = earlier.map((value) =>
    unnest(isText ? wordsIn(value) : value, depth)
  );
  const replaced = before.includes(undefined);
  const groups = [
    ...before.flatMap((groups) => groups ?? []),
    ...groupsOf(granted, shape),
  ];
  if (!isText) return { value: nest(groups, depth), omitted: 0, replaced };
  const names = mergeNames(groups);
  // A name with white space cannot be told apart in text.
  const separable = names.filter((name) => !/\s/.test(name));
  const omitted = names.length - separable.length;
  return { value: separable.join(" "), omitted, replaced };
}

/**
 * Builds the values of the permissions attribute for SAML: each permission with
 * its ids and colons in front. Consumers split at the first colons, so ids with
 * a colon are left out.
 */
export function shapeAttribute(
  shape: PermissionsShape,
  granted: readonly Permitted[],
  earlier: readonly string[] = [],
): ShapedValue<readonly string[]> {
  if (shape === "string") {
    const shaped = shapePermissions(shape, granted, [earlier.join(" ")]);
    return { ...shaped, value: [shaped.value as string].filter(Boolean) };
  }
  const values = [...earlier];
  let omitted = 0;
  for (const { ids, names } of groupsOf(granted, shape)) {
    if (ids.join("").includes(":")) omitted += names.length;
    else for (const name of names) values.push([...ids, name].join(":"));
  }
  return { value: distinct(values), omitted, replaced: false };
}

function groupsOf(
  granted: readonly Permitted[],
  shape: PermissionsShape,
): Group[] {
  return granted.filter(({ permissions }) => permissions.length > 0)
    .map((grant) => ({
      ids: IDS[shape].map((id) => grant[id]),
      names: grant.permissions,
    }));
}

function mergeNames(groups: readonly Group[]): readonly string[] {
  return mergeDistinct(groups.map(({ names }) => names));
}

/** Entries, because an id such as `__proto__` is not an ordinary key of every object. */
function nest(groups: readonly Group[], depth: number): unknown {
  if (depth === 0) return mergeNames(groups);
  const byId = Map.groupBy(groups, ({ ids }) => ids[0]!);
  return Object.fromEntries(
    Array.from(byId, ([id, its]) => {
      const inner = its.map(({ ids, names }) => ({ ids: ids.slice(1), names }));
      return [id, nest(inner, depth - 1)];
    }),
  );
}

/** Reads an earlier target's value; `undefined` if it has another shape. */
function unnest(value: unknown, depth: number): Group[] | undefined {
  if (depth === 0) {
    const isList = Array.isArray(value) &&
      value.every((item) => typeof item === "string");
    return isList ? [{ ids: [], names: value }] : undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return undefined;
  }
  const groups: Group[] = [];
  for (const [id, inner] of Object.entries(value)) {
    const found = unnest(inner, depth - 1);
    if (!found) return undefined;
    for (const { ids, names } of found) {
      groups.push({ ids: [id, ...ids], names });
    }
  }
  return groups;
}

function wordsIn(text: unknown): readonly string[] | undefined {
  return typeof text === "string"
    ? distinct(text.split(/\s+/).filter(Boolean))
    : undefined;
}
