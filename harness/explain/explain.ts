import type { Config } from "../../lib/config.ts";
import { chooseOrganization } from "../../lib/mapping/organization.ts";
import type { FunctionCall } from "../../lib/request/payload.ts";
import { GRANT_STATE_ACTIVE } from "../../lib/claims/grants.ts";
import {
  knownProjects,
  permissionsOf,
  type ProjectRole,
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";

export interface RoleExplanation {
  readonly role: string;
  /** The metadata key that counts, if there is one. */
  readonly key: string | undefined;
  readonly permissions: readonly string[];
  /** Why it grants nothing, if it does not. */
  readonly why: string | undefined;
}

export interface GrantExplanation {
  readonly project: string;
  readonly grantedBy: string;
  readonly organization: string;
  readonly roles: readonly RoleExplanation[];
  /** Why the whole grant gives nothing, if so. */
  readonly why: string | undefined;
}

/** The origin of every permission of a call, and why roles give none. */
export interface Explanation {
  /** The called function or the event. */
  readonly call: string;
  readonly grants: readonly GrantExplanation[];
  /** In order of first appearance. */
  readonly permissions: readonly string[];
  /** Why there are none at all, if so. */
  readonly why: string | undefined;
}

/** Returns a mapping, or why it is not available. */
export type MappingOf = (organization: string) => Promise<RoleMapping>;

/**
 * Explains a call: which grant and role gave each permission, and why other
 * roles gave none.
 */
export async function explainCall(
  call: FunctionCall,
  mappingOf: MappingOf,
  metadataOrganization: Config["metadataOrganization"],
): Promise<Explanation> {
  const organizationOf = chooseOrganization(
    metadataOrganization,
    call.org?.id ?? call.user?.resource_owner ?? undefined,
  );
  const isKnown = knownProjects(
    undefined,
    (call.user_grants ?? []).map(({ project_id }) => project_id),
  );
  const grants: GrantExplanation[] = [];
  for (const grant of call.user_grants ?? []) {
    const organization = organizationOf(grant.resource_owner);
    const names = grant.roles ?? [];
    const of = {
      project: grant.project_id,
      grantedBy: grant.resource_owner,
      organization,
    };
    if (grant.state !== GRANT_STATE_ACTIVE) {
      const why = `it is not active (state ${grant.state})`;
      grants.push({ ...of, roles: [], why });
      continue;
    }
    if (names.length === 0) {
      grants.push({ ...of, roles: [], why: "it names no role" });
      continue;
    }
    try {
      const mapping = await mappingOf(organization);
      const roles = names.map((role) =>
        explainRole(
          mapping,
          { projectId: grant.project_id, role },
          isKnown,
        )
      );
      grants.push({ ...of, roles, why: undefined });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      grants.push({ ...of, roles: [], why });
    }
  }
  const roles = grants.flatMap(({ roles }) => roles);
  return {
    call: call.function,
    grants,
    permissions: [...new Set(roles.flatMap(({ permissions }) => permissions))],
    why: grants.length > 0
      ? undefined
      : "ZITADEL sent no grants: the user has none that is active, or the project does not assert roles (console: Projects > General) and the scope does not ask for them (urn:zitadel:iam:org:projects:roles)",
  };
}

function explainRole(
  mapping: RoleMapping,
  { projectId, role }: ProjectRole,
  isKnown: (id: string) => boolean,
): RoleExplanation {
  const qualified = `${projectId}:${role}`;
  const permissions = permissionsOf(mapping, { projectId, role }, isKnown);
  if (permissions === undefined) {
    return {
      role,
      key: undefined,
      permissions: [],
      why: `there is no entry "${role}" or "${qualified}"`,
    };
  }
  const key = mapping.qualified.get(projectId)?.has(role) ? qualified : role;
  const problem = mapping.problems.find((it) => it.key === key)?.problem;
  return {
    role,
    key,
    permissions,
    why: permissions.length > 0
      ? undefined
      : problem ?? "its entry is an empty array",
  };
}
