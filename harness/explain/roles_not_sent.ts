import type { Facts, Finding } from "./token_question.ts";

/** What userinfo and the login tell of a real instance. */
export function rolesNotSent(
  { login, projectId, audience, userinfo }: Facts,
  claimName: string,
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
  const scope = "urn:zitadel:iam:org:projects:roles";
  const others = audience.filter((id) => id !== login.clientId);
  const projects = projectId ? [projectId] : others;
  if (login.scope.includes(scope) || projects.length === 0) {
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
      scopes: projects.flatMap(roleScopes),
    },
  };
}

/** The scopes that request a project's roles. */
export function roleScopes(project: string): string[] {
  return [
    `urn:zitadel:iam:org:project:id:${project}:aud`,
    "urn:zitadel:iam:org:projects:roles",
  ];
}
