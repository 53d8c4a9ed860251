/**
 * What a user's tokens hold, worked out from the grants and the mapping by the
 * function's own rules. Nothing here reads or writes.
 *
 * @module
 */
import type { FoundUser } from "../zitadel/find_user.ts";
import type { ListedGrant } from "../zitadel/user_grants.ts";
import { explainCall, type ExplainRules, type MappingOf } from "./explain.ts";
import { roleScopes } from "./roles_not_sent.ts";

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

export type UserExplanation = Awaited<ReturnType<typeof explainUser>>;

/**
 * Explains what a user's token holds if the login requests the roles of every
 * project; each grant names what a login must request for it to count.
 */
export async function explainUser(
  facts: UserFacts,
  mappingOf: MappingOf,
  rules: ExplainRules,
) {
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
  return {
    user,
    permissions,
    claims,
    why: grants.length === 0 ? "the user has no grants" : explained.why,
    grants: explained.grants.map((it, index) => {
      const { project_name, org_name, isAsserted } = grants[index]!;
      const isOwn = !application || application.project.id === it.project;
      const isUnasked = isAsserted && isOwn && !user.isMachine;
      return {
        ...it,
        projectName: project_name,
        grantedByName: org_name,
        /** The scopes without which ZITADEL does not send the grant, if any. */
        scopes: isUnasked ? undefined : roleScopes(it.project),
      };
    }),
    /** What cannot be told from here, and what keeps the user from logging in. */
    notes: [
      user.state !== "active" &&
      `The user is ${user.state} and cannot log in.`,
      isUnknown && applications && !user.isMachine &&
      "Only tokens for APPLICATIONS get permissions.",
      grants.length > 0 &&
      "Which application and scopes a login uses cannot be told from here: a project's own applications get asserted roles unasked, all others must request them.",
    ].filter((it) => it !== false && it !== undefined),
  };
}
