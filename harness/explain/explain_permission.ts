/**
 * Why a user has one permission, or has not: worked out from the roles that the
 * user holds and the mappings. Nothing here reads or writes.
 *
 * @module
 */
import {
  permissionsOf,
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import { intendedPermissions } from "../roles/interpret_value.ts";
import type { ExplainedMapping } from "./explain.ts";
import { nearestName } from "./nearest_name.ts";

/** Roles that a user holds. */
export interface HeldRoles {
  readonly project: string;
  readonly grantedBy: string;
  /** Whose mapping counts for them. */
  readonly organization: string;
  readonly roles: readonly string[];
  /** Why they do not count, if so. */
  readonly why?: string | undefined;
  /** The scopes that a login must request for them, if any. */
  readonly scopes?: string | undefined;
}

/** A role through which a user has a permission, or would have it. */
export interface PermissionSource extends Omit<HeldRoles, "roles"> {
  readonly role: string;
}

/** An entry that grants a permission. */
export interface GrantingEntry {
  readonly key: string;
  /** Projects in which the user holds the role, but another entry counts. */
  readonly overriddenIn: readonly string[];
}

export type PermissionAnswer =
  /** Tokens have it, by these roles. */
  | { readonly kind: "held"; readonly by: readonly PermissionSource[] }
  /** Granted, but only tokens whose login requests the project's roles have it. */
  | { readonly kind: "must_request"; readonly by: readonly PermissionSource[] }
  /** A role that the user holds grants it, but the grant does not count. */
  | { readonly kind: "not_counted"; readonly by: readonly PermissionSource[] }
  /** Entries that were probably meant to grant it cannot be read. */
  | { readonly kind: "unreadable"; readonly keys: readonly string[] }
  /** Only roles that the user lacks grant it. */
  | {
    readonly kind: "missing_role";
    readonly entries: readonly GrantingEntry[];
  }
  /** Only the mappings of these organizations grant it, and they do not count. */
  | {
    readonly kind: "other_organization";
    readonly organizations: readonly string[];
  }
  /** No entry grants it. */
  | { readonly kind: "no_entry"; readonly nearest: string | undefined };

export interface PermissionFacts {
  readonly held: readonly HeldRoles[];
  /** By organization: the mappings that count for the user. */
  readonly mappings: ReadonlyMap<string, ExplainedMapping>;
  /** By organization: others that were looked at. */
  readonly otherMappings?: ReadonlyMap<string, RoleMapping>;
  readonly isKnownProject: (id: string) => boolean;
}

/** Answers why a user has a permission, or why not: the nearest reason. */
export function explainPermission(
  permission: string,
  facts: PermissionFacts,
): PermissionAnswer {
  const sources = sourcesOf(permission, facts);
  const counted = sources.filter(({ why }) => why === undefined);
  const sent = counted.filter(({ scopes }) => scopes === undefined);
  if (sent.length > 0) return { kind: "held", by: sent };
  if (counted.length > 0) return { kind: "must_request", by: counted };
  if (sources.length > 0) return { kind: "not_counted", by: sources };
  const mappings = [...facts.mappings.values()];
  const keys = mappings.flatMap((it) => unreadableKeys(permission, it));
  if (keys.length > 0) return { kind: "unreadable", keys };
  const entries = mappings.flatMap(({ plain }) =>
    [...plain].filter(([, names]) => names.includes(permission))
      .map(([key]) => ({ key, overriddenIn: overriddenIn(key, facts) }))
  );
  if (entries.length > 0) return { kind: "missing_role", entries };
  const organizations = [...facts.otherMappings ?? []]
    .filter(([, { plain }]) =>
      [...plain.values()].some((names) => names.includes(permission))
    )
    .map(([organization]) => organization);
  if (organizations.length > 0) {
    return { kind: "other_organization", organizations };
  }
  const names = mappings.flatMap(({ plain }) => [...plain.values()].flat());
  return { kind: "no_entry", nearest: nearestName(permission, names) };
}

function sourcesOf(
  permission: string,
  { held, mappings, isKnownProject }: PermissionFacts,
): PermissionSource[] {
  return held.flatMap(({ roles, ...of }) => {
    const mapping = mappings.get(of.organization);
    if (!mapping) return [];
    return roles.filter((role) =>
      permissionsOf(mapping, { projectId: of.project, role }, isKnownProject)
        ?.includes(permission)
    ).map((role) => ({ role, ...of }));
  });
}

function unreadableKeys(
  permission: string,
  { unreadable, entries = [] }: ExplainedMapping,
): string[] {
  return entries
    .filter(({ key, value }) =>
      unreadable.includes(key) &&
      intendedPermissions(value)?.includes(permission)
    )
    .map(({ key }) => key);
}

/** A plain entry does not count in a project that has an entry of its own for the role. */
function overriddenIn(
  key: string,
  { held, mappings }: PermissionFacts,
): string[] {
  return held.filter(({ project, organization, roles }) =>
    roles.includes(key) &&
    mappings.get(organization)?.qualified.get(project)?.has(key)
  ).map(({ project }) => project);
}
