/**
 * The forms that the permissions claim can have, for tokens (any JSON value)
 * and for SAML (strings only).
 *
 * @module
 */
import type { PermissionsShape } from "../config/settings.ts";
import { distinct } from "../util/distinct.ts";
import { type GrantedPermissions, permissionsIn } from "./grants.ts";

/** Permissions by project id. */
export type ByProject = Readonly<Record<string, readonly string[]>>;

/** The value of a permissions claim, in any shape. */
export type ClaimValue =
  | string
  | readonly string[]
  | ByProject
  | Readonly<Record<string, ByProject>>;

/** A claim's value, and what happened on the way to it. */
export interface ShapedValue<T = ClaimValue> {
  /** The claim's value. */
  readonly value: T;
  /** How many names were left out because this shape cannot carry them. */
  readonly omitted: number;
  /** Whether an earlier target's value was replaced because it has another shape. */
  readonly replaced: boolean;
}

/**
 * Builds the value of the permissions claim. An earlier target's value is merged
 * if it has the same shape.
 *
 * @param shape The claim's form.
 * @param granted What each grant permits.
 * @param earlier An earlier target's value under the same name, if there is one.
 * @returns The value.
 */
export function shapePermissions(
  shape: PermissionsShape,
  granted: readonly GrantedPermissions[],
  earlier?: unknown,
): ShapedValue {
  switch (shape) {
    case "list":
    case "string":
      return shapeNames(shape, permissionsIn(granted), earlier);
    case "by_project":
      return shapeByProject(granted, earlier);
    case "by_organization":
      return shapeByOrganization(granted, earlier);
  }
}

/**
 * Builds a claim of plain names: a list, or a string in which spaces separate
 * them. A name with white space cannot be told apart there, so it is left out.
 *
 * @param shape `string` for a string; any other shape gives a list.
 * @param names The names, each once.
 * @param earlier An earlier target's value under the same name, if there is one.
 * @returns The value.
 */
export function shapeNames(
  shape: PermissionsShape,
  names: readonly string[],
  earlier?: unknown,
): ShapedValue<string | readonly string[]> {
  if (shape !== "string") {
    const isMerged = isStringArray(earlier);
    return {
      value: isMerged ? distinct([...earlier, ...names]) : names,
      omitted: 0,
      replaced: earlier !== undefined && !isMerged,
    };
  }
  const separable = names.filter((name) => !/\s/.test(name));
  const before = typeof earlier === "string"
    ? earlier.split(/\s+/).filter(Boolean)
    : [];
  return {
    value: distinct([...before, ...separable]).join(" "),
    omitted: names.length - separable.length,
    replaced: earlier !== undefined && typeof earlier !== "string",
  };
}

/**
 * Builds the values of the permissions attribute for SAML, which carries
 * strings only: `project:permission` by project, and
 * `organization:project:permission` by organization. Consumers split at the
 * first colons, so ids with a colon are left out.
 *
 * @param shape The claim's form.
 * @param granted What each grant permits.
 * @param earlier The values of an earlier target's attribute of the same name.
 * @returns The values; in shape `string` one value, or none without permissions.
 */
export function shapeAttribute(
  shape: PermissionsShape,
  granted: readonly GrantedPermissions[],
  earlier: readonly string[] = [],
): ShapedValue<readonly string[]> {
  if (shape === "list" || shape === "string") {
    return shapeAttributeNames(shape, permissionsIn(granted), earlier);
  }
  const values: string[] = [];
  let omitted = 0;
  for (const { organization, projectId, permissions } of granted) {
    const path = shape === "by_project"
      ? [projectId]
      : [organization, projectId];
    if (path.some((id) => id.includes(":"))) omitted += permissions.length;
    else for (const name of permissions) values.push([...path, name].join(":"));
  }
  return {
    value: distinct([...earlier, ...values]),
    omitted,
    replaced: false,
  };
}

/**
 * Builds the values of a SAML attribute of plain names.
 *
 * @param shape `string` for one value in which spaces separate the names; any other shape gives a value per name.
 * @param names The names, each once.
 * @param earlier The values of an earlier target's attribute of the same name.
 * @returns The values; in shape `string` one value, or none without names.
 */
export function shapeAttributeNames(
  shape: PermissionsShape,
  names: readonly string[],
  earlier: readonly string[] = [],
): ShapedValue<readonly string[]> {
  const before = shape === "string" ? earlier.join(" ") : earlier;
  const { value, omitted } = shapeNames(shape, names, before);
  const values = typeof value === "string" ? [value].filter(Boolean) : value;
  return { value: values, omitted, replaced: false };
}

function shapeByProject(
  granted: readonly GrantedPermissions[],
  earlier: unknown,
): ShapedValue<ByProject> {
  const isMerged = isByProject(earlier);
  const projects = collect(isMerged ? earlier : {});
  for (const { projectId, permissions } of granted) {
    add(projects, projectId, permissions);
  }
  return {
    value: toByProject(projects),
    omitted: 0,
    replaced: earlier !== undefined && !isMerged,
  };
}

function shapeByOrganization(
  granted: readonly GrantedPermissions[],
  earlier: unknown,
): ShapedValue<Readonly<Record<string, ByProject>>> {
  const isMerged = isObject(earlier) &&
    Object.values(earlier).every(isByProject);
  const organizations = new Map<string, Projects>();
  for (const [id, projects] of Object.entries(isMerged ? earlier : {})) {
    organizations.set(id, collect(projects as ByProject));
  }
  for (const { organization, projectId, permissions } of granted) {
    if (permissions.length === 0) continue;
    const projects: Projects = organizations.get(organization) ?? new Map();
    add(projects, projectId, permissions);
    organizations.set(organization, projects);
  }
  return {
    value: Object.fromEntries(
      Array.from(
        organizations,
        ([id, projects]) => [id, toByProject(projects)],
      ),
    ),
    omitted: 0,
    replaced: earlier !== undefined && !isMerged,
  };
}

/** Maps, because an id such as `__proto__` is not an ordinary key of every object. */
type Projects = Map<string, Set<string>>;

function collect(projects: ByProject): Projects {
  return new Map(
    Object.entries(projects).map(([id, names]) => [id, new Set(names)]),
  );
}

function add(
  projects: Projects,
  projectId: string,
  permissions: readonly string[],
): void {
  if (permissions.length === 0) return;
  const names = projects.get(projectId);
  // Added in place: a project may have a grant of each organization.
  if (names) { for (const name of permissions) names.add(name); }
  else projects.set(projectId, new Set(permissions));
}

function toByProject(projects: Projects): ByProject {
  return Object.fromEntries(
    Array.from(projects, ([id, names]) => [id, [...names]]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isStringArray(value: unknown): value is readonly string[] {
  return Array.isArray(value) &&
    value.every((item) => typeof item === "string");
}

function isByProject(value: unknown): value is ByProject {
  return isObject(value) && Object.values(value).every(isStringArray);
}
