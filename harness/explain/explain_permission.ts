/**
 * Why a user has one permission, or has not: worked out from the roles that the
 * user holds and the mappings. Nothing here reads or writes.
 *
 * @module
 */
import { chooseOrganization } from "../../lib/mapping/organization.ts";
import {
  knownProjects,
  permissionsOf,
} from "../../lib/mapping/role_mapping.ts";
import { nearestName } from "../cli/closest.ts";
import { intendedPermissions } from "../mapping/interpret_value.ts";
import type {
  ExplainedMapping,
  ExplainRules,
  GrantExplanation,
  MappingOf,
} from "./explain.ts";

/** Roles that a user holds. */
export interface HeldRoles extends Omit<GrantExplanation, "roles"> {
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

/** Mappings by organization. */
export type Mappings = ReadonlyMap<string, ExplainedMapping>;

/**
 * Answers by the mappings that count for a user, and for the nearest reason by
 * those of the organizations that gave the grants.
 *
 * @returns The answer, and the mappings that count.
 */
export async function answerPermission(
  permission: string,
  { grants, userOrganization, mappingOf, rules }: {
    readonly grants: readonly HeldRoles[];
    readonly userOrganization: string;
    readonly mappingOf: MappingOf;
    readonly rules: ExplainRules;
  },
): Promise<{ answer: PermissionAnswer; mappings: Mappings }> {
  const { metadataOrganization, projects } = rules;
  const owners = [userOrganization, ...grants.map((it) => it.grantedBy)];
  const choose = chooseOrganization(metadataOrganization, userOrganization);
  const counted = new Set(owners.map(choose));
  const [mappings, others] = [new Map(), new Map()] as const;
  for (const id of new Set([...counted, ...owners])) {
    (counted.has(id) ? mappings : others).set(id, await mappingOf(id));
  }
  const isKnown = knownProjects(projects, grants.map((it) => it.project));
  const by = grants.map((grant) => ({
    ...grant,
    held: grant.held.filter((role) => {
      const mapping = mappings.get(grant.organization);
      const projectId = grant.project;
      return mapping && permissionsOf(mapping, { projectId, role }, isKnown)
        ?.includes(permission);
    }),
  })).filter(({ held }) => held.length > 0);
  const counting = by.filter(({ why }) => why === undefined);
  const sent = counting.filter(({ scopes }) => scopes === undefined);
  const answer: PermissionAnswer = sent.length > 0
    ? { kind: "held", by: sent }
    : counting.length > 0
    ? { kind: "must_request", by: counting }
    : by.length > 0
    ? { kind: "not_counted", by }
    : whyNotGranted(permission, { grants, mappings, others });
  return { answer, mappings };
}

function whyNotGranted(
  permission: string,
  { grants, mappings, others }: {
    readonly grants: readonly HeldRoles[];
    readonly mappings: Mappings;
    readonly others: Mappings;
  },
): PermissionAnswer {
  const own = [...mappings.values()];
  const broken = own.flatMap((it) => unreadableKeys(it, permission));
  const isHeld = (key: string) =>
    grants.some(({ held, project }) =>
      held.some((role) => key === role || key === `${project}:${role}`)
    );
  const elsewhere = [...others].filter(([, mapping]) =>
    grantingKeys(mapping, permission).length > 0
  );
  const names = own.flatMap(({ plain }) => [...plain.values()].flat());
  const meant = nearestName(permission, names);
  const reasons = [
    { kind: "unreadable", names: broken.filter(isHeld) },
    {
      kind: "missing_role",
      names: own.flatMap((it) => grantingKeys(it, permission)),
    },
    { kind: "unreadable", names: broken },
    { kind: "other_organization", names: elsewhere.map(([id]) => id) },
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
