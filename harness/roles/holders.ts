import type { Config } from "../../lib/config/settings.ts";
import { whyNotCounted } from "../../lib/claims/grants.ts";
import {
  knownProjects,
  permissionsOf,
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import { NOT_COUNTED } from "../explain/explain.ts";
import type { ListedGrant } from "../zitadel/user_grants.ts";

/** A user who holds a role that grants a permission. */
export interface Holder extends Omit<ListedGrant, "roles"> {
  readonly role: string;
  /** Why tokens do not have the permission by it, if so. */
  readonly why: string | undefined;
}

/** Lists the roles of a grant that grant the permission, whether or not they count. */
export function holdersOf(
  { roles, ...grant }: ListedGrant,
  { permission, mapping, rules, userState }: {
    readonly permission: string;
    /** The mapping that counts for the grant. */
    readonly mapping: RoleMapping;
    readonly rules: Pick<Config, "projects" | "grantedBy">;
    /** Why the user cannot log in, if so. */
    readonly userState: string | undefined;
  },
): Holder[] {
  const projectId = grant.project_id;
  // The user's other projects are not known here, which matters for ids that a
  // tenant chose: those that ZITADEL makes are known as such.
  const isKnown = knownProjects(rules.projects, [projectId]);
  const reason = whyNotCounted(
    { ...grant, roles },
    rules,
    grant.user_resource_owner,
  );
  const why = reason
    ? NOT_COUNTED[reason]
    : userState && `the user is ${userState}`;
  return (roles ?? [])
    .filter((role) =>
      permissionsOf(mapping, { projectId, role }, isKnown)?.includes(permission)
    )
    .map((role) => ({ ...grant, role, why }));
}
