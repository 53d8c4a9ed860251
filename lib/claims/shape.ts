/**
 * The forms that the permissions claim can have, for tokens (any JSON value)
 * and for SAML (strings only).
 *
 * @module
 */
import type { PermissionsShape } from "../config/settings.ts";
import { distinct } from "../util/distinct.ts";
import type { Granted } from "./permissions.ts";

/** What a grant permits, and where. */
type Permitted = Pick<Granted, "projectId" | "organization" | "permissions">;

/** What a shape puts around the names. */
interface Form {
  /** The ids under which names stand, outermost first. */
  readonly ids: readonly ("organization" | "projectId")[];
  /** Whether spaces separate the names, in one string. */
  readonly isText?: true;
}

const FORMS: Readonly<Record<PermissionsShape, Form>> = {
  list: { ids: [] },
  string: { ids: [], isText: true },
  by_project: { ids: ["projectId"] },
  by_organization: { ids: ["organization", "projectId"] },
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
  return shapeGroups(FORMS[shape], groupsOf(granted, FORMS[shape]), earlier);
}

/** Builds a claim of plain names: text in shape `string`, otherwise a list. */
export function shapeNames(
  shape: PermissionsShape,
  names: readonly string[],
  earlier: readonly unknown[] = [],
): ShapedValue {
  return shapeGroups(flat(shape), [{ ids: [], names }], earlier);
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
  return shapeValues(FORMS[shape], groupsOf(granted, FORMS[shape]), earlier);
}

/** Builds the values of an attribute of plain names: one text in shape `string`. */
export function shapeAttributeNames(
  shape: PermissionsShape,
  names: readonly string[],
  earlier: readonly string[] = [],
): ShapedValue<readonly string[]> {
  return shapeValues(flat(shape), [{ ids: [], names }], earlier);
}

function flat(shape: PermissionsShape): Form {
  return FORMS[shape].isText ? FORMS.string : FORMS.list;
}

function groupsOf(granted: readonly Permitted[], { ids }: Form): Group[] {
  return granted.filter(({ permissions }) => permissions.length > 0)
    .map((grant) => ({
      ids: ids.map((id) => grant[id]),
      names: grant.permissions,
    }));
}

function shapeGroups(
  form: Form,
  groups: readonly Group[],
  earlier: readonly unknown[],
): ShapedValue {
  const before = earlier.map((value) => parse(form, value));
  const replaced = before.includes(undefined);
  const all = before.flatMap((groups) => groups ?? []);
  if (!form.isText) {
    const value = nest([...all, ...groups], form.ids.length);
    return { value, omitted: 0, replaced };
  }
  const names = distinct(groups.flatMap(({ names }) => names));
  // A name with white space cannot be told apart in text.
  const separable = names.filter((name) => !/\s/.test(name));
  const value = distinct([...all.flatMap(({ names }) => names), ...separable])
    .join(" ");
  return { value, omitted: names.length - separable.length, replaced };
}

function shapeValues(
  form: Form,
  groups: readonly Group[],
  earlier: readonly string[],
): ShapedValue<readonly string[]> {
  if (form.isText) {
    const shaped = shapeGroups(form, groups, [earlier.join(" ")]);
    return { ...shaped, value: [shaped.value as string].filter(Boolean) };
  }
  const carried = groups.filter(({ ids }) => !ids.join("").includes(":"));
  const values = carried.flatMap(({ ids, names }) =>
    ids.length === 0 ? names : names.map((name) => [...ids, name].join(":"))
  );
  return {
    value: distinct([...earlier, ...values]),
    omitted: countNames(groups) - countNames(carried),
    replaced: false,
  };
}

function countNames(groups: readonly Group[]): number {
  return groups.reduce((sum, { names }) => sum + names.length, 0);
}

/** Entries, because an id such as `__proto__` is not an ordinary key of every object. */
function nest(groups: readonly Group[], depth: number): unknown {
  const [first, ...others] = groups;
  if (depth === 0) {
    return first && others.length === 0
      ? first.names
      : distinct(groups.flatMap(({ names }) => names));
  }
  const byId = Map.groupBy(groups, ({ ids }) => ids[0]!);
  return Object.fromEntries(
    Array.from(byId, ([id, its]) => [
      id,
      nest(
        its.map(({ ids, names }) => ({ ids: ids.slice(1), names })),
        depth - 1,
      ),
    ]),
  );
}

/** Reads an earlier target's value; `undefined` if it has another shape. */
function parse(form: Form, value: unknown): Group[] | undefined {
  if (!form.isText) return unnest(value, form.ids.length);
  return typeof value === "string"
    ? [{ ids: [], names: value.split(/\s+/).filter(Boolean) }]
    : undefined;
}

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
