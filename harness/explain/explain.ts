import {
  type AddedClaim,
  attributesReply,
  claimsReply,
  type Contents,
} from "../../lib/claims/reply.ts";
import type { Config } from "../../lib/config/settings.ts";
import { chooseOrganization } from "../../lib/mapping/organization.ts";
import type { FunctionCall } from "../../lib/request/payload.ts";
import { GRANT_STATE_ACTIVE } from "../../lib/claims/grants.ts";
import {
  knownProjects,
  type MetadataEntry,
  permissionsOf,
  type ProjectRole,
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import { describeCorrection } from "./describe_correction.ts";

export interface RoleExplanation {
  readonly role: string;
  /** The metadata key that counts; `undefined` if there is none. */
  readonly key: string | undefined;
  readonly permissions: readonly string[];
  /** Why it grants nothing, if it does. */
  readonly why: string | undefined;
}

export interface GrantExplanation {
  readonly project: string;
  readonly grantedBy: string;
  readonly organization: string;
  readonly roles: readonly RoleExplanation[];
  /** Why all of it grants nothing, if that is so. */
  readonly why: string | undefined;
}

/** The origin of every permission of a call, and why roles give none. */
export interface Explanation {
  /** The called function or the event. */
  readonly call: string;
  readonly grants: readonly GrantExplanation[];
  /** In order of first appearance. */
  readonly permissions: readonly string[];
  /** The claims or attributes that the function adds, in their shape. */
  readonly claims: readonly AddedClaim[];
  /** Why there are none at all, if that is so. */
  readonly why: string | undefined;
}

/** The settings that decide what a call comes to. */
export type ExplainRules =
  & Pick<Config, "metadataOrganization">
  & Partial<Pick<Config, "projects" | "claim" | "shape" | "rolesClaim">>;

/** Returns a mapping, or throws why it cannot be had. */
export type MappingOf = (organization: string) => Promise<ExplainedMapping>;

/** A mapping, and the entries it was parsed from, if there are any. */
export interface ExplainedMapping extends RoleMapping {
  readonly entries?: readonly MetadataEntry[];
}

/**
 * Explains a call: which grant and role gave each permission, and which roles
 * gave none and why. METADATA_ORGANIZATION alone stands for the default rules.
 */
export async function explainCall(
  call: FunctionCall,
  mappingOf: MappingOf,
  given: ExplainRules | string,
): Promise<Explanation> {
  const rules = typeof given === "string"
    ? { metadataOrganization: given }
    : given;
  const { metadataOrganization, projects } = rules;
  const organizationOf = chooseOrganization(
    metadataOrganization,
    call.org?.id ?? call.user?.resource_owner ?? undefined,
  );
  const isKnown = knownProjects(
    projects,
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
    if (projects && !projects.has(grant.project_id)) {
      const why = "PROJECTS does not list its project";
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
    claims: roles.length > 0 ? claimsOf(call, grants, rules) : [],
    why: grants.length > 0
      ? undefined
      : "ZITADEL sent no grants: the user has none that is active, or the project does not assert roles (console: Projects > General) and the scope does not ask for them (urn:zitadel:iam:org:projects:roles)",
  };
}

/** What the function adds, beside the claims of earlier targets. */
function claimsOf(
  call: FunctionCall,
  grants: readonly GrantExplanation[],
  { claim = "permissions", shape = "list", rolesClaim }: ExplainRules,
): readonly AddedClaim[] {
  const counting = grants.filter(({ roles }) => roles.length > 0);
  const contents: Contents = {
    claim,
    shape,
    rolesClaim,
    granted: counting.map(({ project, grantedBy, roles }) => ({
      projectId: project,
      organization: grantedBy,
      permissions: [
        ...new Set(roles.flatMap(({ permissions }) => permissions)),
      ],
    })),
    roles: counting.flatMap(({ roles }) => roles.map(({ role }) => role)),
  };
  const { append_claims, append_attribute } = call.response ?? {};
  const reply = call.function === "function/presamlresponse"
    ? attributesReply(contents, append_attribute)
    : claimsReply(contents, append_claims);
  return reply.added;
}

function explainRole(
  mapping: ExplainedMapping,
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
  const problem = describeProblem(mapping, key);
  return {
    role,
    key,
    permissions,
    why: permissions.length > 0
      ? undefined
      : problem ?? "its entry is an empty array",
  };
}

/** What is wrong with an entry, what it is, and what it should be. */
function describeProblem(
  { problems, entries }: ExplainedMapping,
  key: string,
): string | undefined {
  const problem = problems.find((it) => it.key === key)?.problem;
  const value = entries?.find((entry) => entry.key === key)?.value;
  const correction = value && describeCorrection(value);
  return correction ? `${problem}. ${correction}` : problem;
}
