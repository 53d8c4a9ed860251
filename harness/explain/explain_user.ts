/**
 * What a user's tokens hold, worked out from the grants and the mapping by the
 * function's own rules. Nothing here reads or writes.
 *
 * @module
 */
import type { FunctionCall } from "../../lib/request/payload.ts";
import { chooseOrganization } from "../../lib/mapping/organization.ts";
import type { FoundApplication } from "../zitadel/find_application.ts";
import type { FoundPerson } from "../zitadel/find_user.ts";
import type { ListedGrant } from "../zitadel/user_grants.ts";
import {
  explainCall,
  type ExplainRules,
  type Explanation,
  type GrantExplanation,
  type MappingOf,
} from "./explain.ts";

/** A grant with what decides whether ZITADEL sends it. */
export interface UserGrantFacts extends ListedGrant {
  /** Whether the project asserts its roles. */
  readonly isAsserted: boolean;
}

/** What is known of a user and its login. */
export interface UserFacts {
  readonly user: FoundPerson;
  readonly grants: readonly UserGrantFacts[];
  /** The application that the user logs in to, if one is asked about. */
  readonly application: FoundApplication | undefined;
  /** Whether ZITADEL tells the function which application a token is for: not on v3. */
  readonly namesApplication: boolean;
}

/** A grant, what it comes to, and what a login must request for it. */
export interface UserGrantExplanation extends GrantExplanation {
  readonly projectName: string;
  readonly grantedByName: string;
  /** Its roles, also if they do not count. */
  readonly held: readonly string[];
  /** The scopes without which ZITADEL does not send the grant. */
  readonly scopes: string | undefined;
}

export interface UserExplanation
  extends Pick<Explanation, "permissions" | "claims" | "why"> {
  readonly user: FoundPerson;
  readonly application: FoundApplication | undefined;
  readonly grants: readonly UserGrantExplanation[];
  /** What cannot be told from here, and what keeps the user from logging in. */
  readonly notes: readonly string[];
}

/**
 * Explains what a token of a user holds whose login requests the roles of every
 * project. Each grant says whether it needs that.
 */
export async function explainUser(
  facts: UserFacts,
  mappingOf: MappingOf,
  rules: ExplainRules,
): Promise<UserExplanation> {
  const { user, application, namesApplication } = facts;
  const { applications, ...others } = rules;
  const call = callOf(facts);
  const organizationOf = chooseOrganization(
    rules.metadataOrganization,
    user.organization,
  );
  const uncounted = (
    { project, grantedBy }: ListedGrant,
    why: string | undefined,
  ) => ({
    project: project.id,
    grantedBy: grantedBy.id,
    organization: organizationOf(grantedBy.id),
    roles: [],
    why,
  });
  const { grants, permissions, claims, why } = await explainCall(
    call,
    mappingOf,
    // Without an application to ask about, a note says what APPLICATIONS does.
    application || !namesApplication ? rules : others,
  );
  return {
    user,
    application,
    // None are explained if none can count.
    grants: facts.grants.map((grant, index) =>
      withNames(grants[index] ?? uncounted(grant, why), grant, facts)
    ),
    permissions,
    claims,
    why: facts.grants.length === 0 ? "the user has no grants" : why,
    notes: notesOf(facts, applications),
  };
}

/** The call that ZITADEL makes for the user, with inactive grants too. */
function callOf(
  { user, grants, application, namesApplication }: UserFacts,
): FunctionCall {
  return {
    function: "function/preaccesstoken",
    org: { id: user.organization },
    user: {
      resource_owner: user.organization,
      ...user.isMachine && { machine: {} },
    },
    application: namesApplication
      ? { client_id: application?.clientId }
      : undefined,
    user_grants: grants.map(({ project, grantedBy, roles, isActive }) => ({
      project_id: project.id,
      resource_owner: grantedBy.id,
      state: isActive ? 1 : 2,
      roles: [...roles],
    })),
  };
}

function withNames(
  grant: GrantExplanation,
  { project, grantedBy, roles, isAsserted }: UserGrantFacts,
  { user, application }: UserFacts,
): UserGrantExplanation {
  const isOwn = application === undefined ||
    application.project.id === project.id;
  const isSent = isAsserted && isOwn && !user.isMachine;
  return {
    ...grant,
    projectName: project.name,
    grantedByName: grantedBy.name,
    held: roles,
    scopes: isSent
      ? undefined
      : `urn:zitadel:iam:org:project:id:${project.id}:aud urn:zitadel:iam:org:projects:roles`,
  };
}

function notesOf(
  { user, application, grants, namesApplication }: UserFacts,
  applications: ReadonlySet<string> | undefined,
): string[] {
  const { state, isMachine } = user;
  return [
    ...state === "active" ? [] : [`The user is ${state} and cannot log in.`],
    ...isMachine || application || !applications || !namesApplication ? [] : [
      `APPLICATIONS is set: only tokens for ${
        [...applications].join(", ")
      } get permissions (--application ID).`,
    ],
    ...grants.length === 0 ? [] : [
      isMachine || application
        ? "Which scopes a login requests cannot be told from here."
        : "Which application and scopes a login uses cannot be told from here: a project's own applications get asserted roles without scopes, all others request them.",
    ],
  ];
}
