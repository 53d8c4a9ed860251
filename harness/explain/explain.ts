import {
  isImpersonated,
  roleGrants,
  userOrganizationOf,
  type WhyNotCounted,
  whyNotCounted,
  whyUnlisted,
} from "../../lib/claims/grants.ts";
import { permissionsOfGrants } from "../../lib/claims/permissions.ts";
import { type AddedClaim, buildReply } from "../../lib/claims/reply.ts";
import type { Config } from "../../lib/config/settings.ts";
import {
  chooseOrganization,
  isForeign,
} from "../../lib/mapping/organization.ts";
import type { FunctionCall, UserGrant } from "../../lib/request/payload.ts";
import {
  knownProjects,
  type MetadataEntry,
  permissionsOf,
  type ProjectRole,
  type RoleMapping,
} from "../../lib/mapping/role_mapping.ts";
import { messageOf } from "../cli/terminal.ts";
import { problemOf } from "../mapping/interpret_value.ts";
import { describeCorrection } from "../mapping/describe_correction.ts";

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
  /** Whose mapping counts for it. */
  readonly organization: string;
  /** Its roles, also if they do not count. */
  readonly held: readonly string[];
  /** Empty if the grant does not count. */
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
  & Partial<Config>;

/** Returns a mapping, or throws why it cannot be had. */
export type MappingOf = (organization: string) => Promise<ExplainedMapping>;

/** A mapping, and the entries it was parsed from, if there are any. */
export interface ExplainedMapping extends RoleMapping {
  readonly entries?: readonly MetadataEntry[];
}

const NO_GRANTS =
  "ZITADEL sent no grants: the user has none that is active, or the project does not assert roles (console: Projects > General) and the scope does not ask for them (urn:zitadel:iam:org:projects:roles)";

const TOO_LONG = "its organization's grants are too long for a claim";

export const NOT_COUNTED: Readonly<Record<WhyNotCounted, string>> = {
  inactive: "it is not active",
  no_roles: "it names no role",
  unlisted_project: "PROJECTS does not list the project",
  unlisted_organization: "GRANTED_BY does not list the granting organization",
};

/** Begins the reason; the application's client id follows. */
export const UNLISTED_APPLICATION =
  "APPLICATIONS does not list the application";

/** Explains a call: which grant and role gave each permission, and which roles gave none and why. */
export async function explainCall(
  call: FunctionCall,
  mappingOf: MappingOf,
  rules: ExplainRules,
): Promise<Explanation> {
  const { metadataOrganization, projects } = rules;
  const why = whyNothing(call, rules);
  const sent = call.user_grants ?? [];
  const userOrganization = userOrganizationOf(call);
  const organizationOf = chooseOrganization(
    metadataOrganization,
    userOrganization,
  );
  const isKnownProject = knownProjects(
    projects,
    sent.map(({ project_id }) => project_id),
  );
  const mappings = new Map<string, ExplainedMapping>();
  const explainGrant = async (grant: UserGrant): Promise<GrantExplanation> => {
    const { project_id: projectId, resource_owner, roles } = grant;
    const reason = whyNotCounted(grant, rules, userOrganization);
    const organization = organizationOf(resource_owner);
    const explained = {
      project: projectId,
      grantedBy: resource_owner,
      organization,
      held: roles ?? [],
      roles: [],
      why: why ?? (reason && NOT_COUNTED[reason]),
    };
    if (explained.why !== undefined) return explained;
    try {
      const mapping = await mappingOf(organization);
      mappings.set(organization, mapping);
      const roles = explained.held.map((role) =>
        explainRole(mapping, { projectId, role }, isKnownProject)
      );
      return { ...explained, roles };
    } catch (error) {
      return { ...explained, why: messageOf(error) };
    }
  };
  // One after the other: a mapping is read once.
  const grants = await Array.fromAsync(sent, explainGrant);
  const tooLong = new Set<string>();
  const granted = why ? [] : permissionsOfGrants(roleGrants(call, rules), {
    mappingOf: ({ organization }) => mappings.get(organizationOf(organization)),
    isKnownProject,
    isForeign: (organization) =>
      isForeign(metadataOrganization, organization, userOrganization),
    onTooLong: (organization) => tooLong.add(organization),
  });
  const permissions = granted.flatMap(({ permissions }) => permissions);
  const { claim = "permissions", shape = "list", rolesClaim } = rules;
  return {
    call: call.function,
    grants: grants.map((grant) =>
      tooLong.has(grant.grantedBy)
        ? { ...grant, roles: [], why: TOO_LONG }
        : grant
    ),
    permissions: [...new Set(permissions)],
    // Beside the claims of earlier targets.
    claims: granted.length > 0
      ? buildReply(call, { claim, shape, rolesClaim }, granted).added
      : [],
    why: why ?? (grants.length > 0 ? undefined : NO_GRANTS),
  };
}

/** Why a call gets no permissions, whatever its grants are. */
function whyNothing(
  call: FunctionCall,
  { applications, impersonation }: ExplainRules,
): string | undefined {
  switch (whyUnlisted(call, applications)) {
    case "unlisted":
      return `${UNLISTED_APPLICATION} ${call.application?.client_id}`;
    case "unnamed":
      return "APPLICATIONS is set, and ZITADEL did not name the application (it does from v4 on)";
  }
  return impersonation === "none" && isImpersonated(call)
    ? "one user acts as another, and IMPERSONATION is none"
    : undefined;
}

function explainRole(
  mapping: ExplainedMapping,
  { projectId, role }: ProjectRole,
  isKnown: (id: string) => boolean,
): RoleExplanation {
  const qualified = `${projectId}:${role}`;
  const permissions = permissionsOf(mapping, { projectId, role }, isKnown);
  if (permissions === undefined) {
    const why = `there is no entry "${role}" or "${qualified}"`;
    return { role, key: undefined, permissions: [], why };
  }
  const key = mapping.qualified.get(projectId)?.has(role) ? qualified : role;
  const why = permissions.length > 0
    ? undefined
    : describeProblem(mapping, key) ?? "its entry is an empty array";
  return { role, key, permissions, why };
}

/** What is wrong with an entry, what it is, and what it should be. */
function describeProblem(
  { unreadable, entries }: ExplainedMapping,
  key: string,
): string | undefined {
  if (!unreadable.includes(key)) return undefined;
  const value = entries?.find((entry) => entry.key === key)?.value;
  const problem = entries ? problemOf(value) : "Its value cannot be read";
  const correction = value && describeCorrection(value);
  return correction ? `${problem}. ${correction}` : problem;
}
