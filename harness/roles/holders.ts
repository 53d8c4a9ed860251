import { whyNotCounted } from "../../lib/claims/grants.ts";
import {
  knownProjects,
  permissionsOf,
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import type { FunctionRules } from "../cli/function_rules.ts";
import { NOT_COUNTED } from "../explain/explain.ts";
import type { UserActivity } from "../zitadel/find_user.ts";
import type { ListedGrant } from "../zitadel/user_grants.ts";

/** A user who holds a role that grants a permission. */
export interface Holder extends Pick<ListedGrant, "project" | "grantedBy"> {
  readonly user: ListedGrant["user"] & { readonly state: UserActivity };
  readonly role: string;
  /** The metadata key that counts. */
  readonly key: string;
  /** Why tokens do not have the permission by it, if so. */
  readonly why: string | undefined;
}

export interface HolderFacts {
  readonly permission: string;
  /** The mapping that counts for the grant. */
  readonly mapping: RoleMapping;
  readonly rules: FunctionRules;
  /** Why the user cannot log in, if so. */
  readonly state: UserActivity | undefined;
}

/** Lists the roles of a grant that grant the permission, whether or not they count. */
export function holdersOf(
  grant: ListedGrant,
  { permission, mapping, rules, state = "active" }: HolderFacts,
): Holder[] {
  const { user, project, grantedBy, roles, isActive } = grant;
  // Only this grant's project is known; ids that ZITADEL makes are known as such.
  const isKnown = knownProjects(rules.projects, [project.id]);
  const reason = whyNotCounted(
    {
      project_id: project.id,
      resource_owner: grantedBy.id,
      state: isActive ? 1 : 2,
      roles: [...roles],
    },
    rules,
    user.organization,
  );
  const why = reason
    ? NOT_COUNTED[reason]
    : state === "active"
    ? undefined
    : `the user is ${state}`;
  return roles.flatMap((role) => {
    const of = { projectId: project.id, role };
    if (!permissionsOf(mapping, of, isKnown)?.includes(permission)) return [];
    const isOwn = mapping.qualified.get(project.id)?.has(role);
    const key = isOwn ? `${project.id}:${role}` : role;
    return [{ user: { ...user, state }, project, grantedBy, role, key, why }];
  });
}
