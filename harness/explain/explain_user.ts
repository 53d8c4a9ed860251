/**
 * What a user's tokens hold, worked out from the grants and the mapping by the
 * function's own rules. Nothing here reads or writes.
 *
 * @module
 */
import { chooseOrganization } from "../../lib/mapping/organization.ts";
import type { FoundUser } from "../zitadel/find_user.ts";
import type { ListedGrant } from "../zitadel/user_grants.ts";
import {
  explainCall,
  type ExplainRules,
  type Explanation,
  type GrantExplanation,
  type MappingOf,
} from "./explain.ts";

/** What is known of a user and its login. */
export interface UserFacts {
  readonly user: FoundUser;
  readonly grants: readonly UserGrantFacts[];
  /** The application that the user logs in to, if one is asked about. */
  readonly application?:
    | { readonly clientId: string; readonly project: { readonly id: string } }
    | undefined;
  /** Whether ZITADEL tells the function which application a token is for: not on v3. */
  readonly namesApplication: boolean;
}

export interface UserGrantFacts extends ListedGrant {
  /** Whether the project asserts its roles. */
  readonly isAsserted: boolean;
}

/** A grant, what it comes to, and what a login must request for it. */
export interface UserGrantExplanation extends GrantExplanation {
  readonly projectName: string;
  readonly grantedByName: string;
  /** Its roles, also if they do not count. */
  readonly held: readonly string[];
  /** The scopes without which ZITADEL does not send the grant, if any. */
  readonly scopes: string | undefined;
}

export interface UserExplanation
  extends Pick<Explanation, "permissions" | "claims" | "why"> {
  readonly user: FoundUser;
  readonly grants: readonly UserGrantExplanation[];
  /** What cannot be told from here, and what keeps the user from logging in. */
  readonly notes: readonly string[];
}

/**
 * Explains what a user's token holds if the login requests the roles of every
 * project; each grant names what a login must request for it to count.
 */
export async function explainUser(
  facts: UserFacts,
  mappingOf: MappingOf,
  rules: ExplainRules,
): Promise<UserExplanation> {
  const { user, grants, application, namesApplication } = facts;
  const { applications, ...others } = rules;
  const isUnknown = namesApplication && application === undefined;
  const { permissions, claims, ...explained } = await explainCall(
    {
      function: "function/preaccesstoken",
      org: { id: user.organization },
      user: user.isMachine ? { machine: {} } : {},
      application: {
        client_id: namesApplication ? application?.clientId : undefined,
      },
      user_grants: [...grants],
    },
    mappingOf,
    // Without an application to ask about, a note says what APPLICATIONS does.
    isUnknown ? others : rules,
  );
  const organizationOf = chooseOrganization(
    rules.metadataOrganization,
    user.organization,
  );
  return {
    user,
    permissions,
    claims,
    why: grants.length === 0 ? "the user has no grants" : explained.why,
    grants: grants.map((grant, index) => ({
      project: grant.project_id,
      projectName: grant.project_name,
      grantedBy: grant.resource_owner,
      grantedByName: grant.org_name,
      organization: organizationOf(grant.resource_owner),
      held: grant.roles ?? [],
      scopes: scopesFor(grant, facts),
      // None is explained if none can count.
      ...explained.grants[index] ?? { roles: [], why: explained.why },
    })),
    notes: notesOf(facts, isUnknown ? applications : undefined),
  };
}

function scopesFor(
  { project_id: id, isAsserted }: UserGrantFacts,
  { user, application }: UserFacts,
): string | undefined {
  const isOwn = !application || application.project.id === id;
  if (isAsserted && isOwn && !user.isMachine) return undefined;
  return `urn:zitadel:iam:org:project:id:${id}:aud urn:zitadel:iam:org:projects:roles`;
}

function notesOf(
  { user, grants }: UserFacts,
  applications: ReadonlySet<string> | undefined,
): string[] {
  const notes: string[] = [];
  if (user.state !== "active") {
    notes.push(`The user is ${user.state} and cannot log in.`);
  }
  if (applications && !user.isMachine) {
    notes.push("Only tokens for APPLICATIONS get permissions.");
  }
  if (grants.length > 0) {
    notes.push(
      "Which application and scopes a login uses cannot be told from here: a project's own applications get asserted roles unasked, all others must request them.",
    );
  }
  return notes;
}
