import type { Facts, Finding } from "./token_question.ts";

const ROLES_SCOPE = "urn:zitadel:iam:org:projects:roles";

/** What userinfo and the login tell of a real instance. */
export function rolesNotSent(
  { login, projectId, audience, userinfo, claimName }: Facts,
): Finding {
  if (!login || userinfo?.error !== undefined) {
    return {
      isBroken: true,
      title: `This token has no “${claimName}”`,
      text: login
        ? `Userinfo could not be read (${userinfo?.error}), so this page cannot tell if ZITADEL sent roles. deno task doctor can.`
        : "A pasted token does not tell why: either ZITADEL sent no roles, or no function answered. Log in here to find out, or run deno task doctor.",
    };
  }
  const others = audience.filter((id) => id !== login.clientId);
  const projects = projectId ? [projectId] : others;
  if (login.scope.includes(ROLES_SCOPE) || projects.length === 0) {
    return {
      title: "This user has no roles here",
      text:
        "This login requested roles, and userinfo lists none. Give the user a role in the project, or request the roles of another project.",
    };
  }
  return {
    title: "ZITADEL sent no roles",
    text:
      "This login did not request them, and the project does not assert them. Or the user has none.",
    fix: {
      label: "Log in again and request the project’s roles",
      scopes: projects.map(roleScopes).join(" "),
    },
  };
}

/** The scopes that request a project's roles, separated by a space. */
export function roleScopes(project: string): string {
  return `urn:zitadel:iam:org:project:id:${project}:aud ${ROLES_SCOPE}`;
}
