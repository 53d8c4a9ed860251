/**
 * Why a user has one permission, or has not: worked out from the roles that the
 * user holds and the mappings. Nothing here reads or writes.
 *
 * @module
 */
import type { Config } from "../../lib/config/settings.ts";
import { chooseOrganization } from "../../lib/mapping/organization.ts";
import {
  knownProjects,
  permissionsOf,
} from "../../lib/mapping/role_mapping.ts";
import { intendedPermissions } from "../mapping/interpret_value.ts";
import type { ExplainedMapping, MappingOf } from "./explain.ts";
import { nearestName } from "./nearest_name.ts";

/** Roles that a user holds. */
export interface HeldRoles {
  readonly held: readonly string[];
  readonly project: string;
  readonly grantedBy: string;
  /** Whose mapping counts for them. */
  readonly organization: string;
  /** Why their grant does not count, if so. */
  readonly why?: string | undefined;
  /** The scopes that a login must request for them, if any. */
  readonly scopes?: string | undefined;
}

/**
 * Why a user has a permission, or the nearest reason why not:
 *
 * - `held`: tokens have it, by these roles;
 * - `must_request`: only tokens whose login requests the project's roles have it;
 * - `not_counted`: these roles grant it, but their grants do not count;
 * - `unreadable`: these entries were probably meant to grant it;
 * - `missing_role`: only these entries grant it, of roles that the user lacks, or
 *   holds in a project that has another entry;
 * - `other_organization`: only the mappings of these organizations grant it, and
 *   they do not count;
 * - `no_entry`: no entry grants it; the name that was probably meant.
 */
export type PermissionAnswer = {
  readonly kind: "held" | "must_request" | "not_counted";
  readonly by: readonly HeldRoles[];
} | {
  readonly kind:
    | "unreadable"
    | "missing_role"
    | "other_organization"
    | "no_entry";
  readonly names: readonly string[];
};

export interface PermissionFacts {
  readonly grants: readonly HeldRoles[];
  /** By organization, those that do not count for the user too. */
  readonly mappings: ReadonlyMap<string, ExplainedMapping>;
  /** The organizations whose mappings count for the user. */
  readonly counted: ReadonlySet<string>;
  readonly isKnownProject: (id: string) => boolean;
}

/** Lists the organizations whose mappings count for a user. */
export function countedOrganizations(
  { grants, userOrganization, rules }: Pick<
    Asked,
    "grants" | "userOrganization" | "rules"
  >,
): Set<string> {
  const choose = chooseOrganization(
    rules.metadataOrganization,
    userOrganization,
  );
  return new Set(
    [userOrganization, ...grants.map(({ grantedBy }) => grantedBy)].map(choose),
  );
}

/** Of whom a permission is asked, and by which rules. */
interface Asked {
  readonly grants: readonly HeldRoles[];
  readonly userOrganization: string;
  readonly mappingOf: MappingOf;
  readonly rules: Pick<Config, "metadataOrganization"> & {
    readonly projects?: Config["projects"];
  };
}

/**
 * Answers by the mappings that count for a user, and for the nearest reason by
 * those of the organizations that gave the grants.
 */
export async function answerPermission(
  permission: string,
  { grants, userOrganization, mappingOf, rules }: Asked,
): Promise<PermissionAnswer> {
  const organizations = [
    userOrganization,
    ...grants.map(({ grantedBy }) => grantedBy),
  ];
  const counted = countedOrganizations({ grants, userOrganization, rules });
  const mappings = new Map<string, ExplainedMapping>();
  for (const id of [...counted, ...organizations]) {
    mappings.set(id, await mappingOf(id));
  }
  return explainPermission(permission, {
    grants,
    mappings,
    counted,
    isKnownProject: knownProjects(
      rules.projects,
      grants.map(({ project }) => project),
    ),
  });
}

/** Answers why a user has a permission, or the nearest reason why not. */
export function explainPermission(
  permission: string,
  { grants, mappings, counted, isKnownProject }: PermissionFacts,
): PermissionAnswer {
  const isGranting = ({ organization, project: projectId }: HeldRoles) => {
    const mapping = mappings.get(organization);
    return (role: string) =>
      mapping && permissionsOf(mapping, { projectId, role }, isKnownProject)
        ?.includes(permission);
  };
  const by = grants
    .map((it) => ({ ...it, held: it.held.filter(isGranting(it)) }))
    .filter(({ held }) => held.length > 0);
  const counting = by.filter(({ why }) => why === undefined);
  const sent = counting.filter(({ scopes }) => scopes === undefined);
  if (sent.length > 0) return { kind: "held", by: sent };
  if (counting.length > 0) return { kind: "must_request", by: counting };
  if (by.length > 0) return { kind: "not_counted", by };

  const own = [...mappings].filter(([id]) => counted.has(id))
    .map(([, mapping]) => mapping);
  const broken = own.flatMap((it) => unreadableKeys(it, permission));
  const isHeld = (key: string) =>
    grants.some(({ held, project }) =>
      held.some((role) => key === role || key === `${project}:${role}`)
    );
  const others = [...mappings].filter(([id, mapping]) =>
    !counted.has(id) && grantingKeys(mapping, permission).length > 0
  );
  const granting = own.flatMap((it) => grantingKeys(it, permission));
  const names = own.flatMap(({ plain }) => [...plain.values()].flat());
  const meant = nearestName(permission, names);
  const reasons = [
    { kind: "unreadable", names: broken.filter(isHeld) },
    { kind: "missing_role", names: granting },
    { kind: "unreadable", names: broken },
    { kind: "other_organization", names: others.map(([id]) => id) },
  ] as const;
  return reasons.find(({ names }) => names.length > 0) ??
    { kind: "no_entry", names: meant === undefined ? [] : [meant] };
}

/** Lists the keys of entries that grant a permission, qualified ones too. */
export function grantingKeys(
  { plain }: Pick<ExplainedMapping, "plain">,
  permission: string,
): string[] {
  return [...plain].filter(([, names]) => names.includes(permission))
    .map(([key]) => key);
}

function unreadableKeys(
  { unreadable, entries = [] }: ExplainedMapping,
  permission: string,
): string[] {
  return entries.filter(({ key, value }) =>
    unreadable.includes(key) && intendedPermissions(value)?.includes(permission)
  ).map(({ key }) => key);
}
