/**
 * Projects, roles and applications by management v1, the only API for them in
 * every release since v3.
 *
 * @module
 */
import {
  OIDCAppType,
  OIDCAuthMethodType,
  OIDCGrantType,
  OIDCResponseType,
  OIDCTokenType,
} from "@zitadel/proto/zitadel/app_pb";
import {
  ProjectGrantState,
  ProjectState,
} from "@zitadel/proto/zitadel/project_pb";
import { Code } from "@connectrpc/connect";
import { type Instance, to } from "./client.ts";
import { listerOf, managementOf } from "./manage.ts";
import { ZitadelError } from "./zitadel_error.ts";

const JWT = OIDCTokenType.OIDC_TOKEN_TYPE_JWT;

/** An OpenID Connect or API application. */
export interface Application {
  readonly id: string;
  readonly name: string;
  /** The id that it logs in with; empty for SAML. */
  readonly clientId: string;
  /** `undefined` if it gets no access tokens of its own. */
  readonly accessTokens: "jwt" | "opaque" | undefined;
}

export type Project = Awaited<ReturnType<typeof listProjects>>[number];

/** Lists the projects that an organization owns. */
export const listProjects = listerOf(
  "list the projects",
  (management, page) => management.listProjects(page),
  ({ id, name, projectRoleAssertion, state }) => ({
    id,
    name,
    /** Whether roles are sent without a scope that asks for them. */
    assertsRoles: projectRoleAssertion,
    isActive: state !== ProjectState.INACTIVE,
  }),
);

/** Finds a project that an organization owns. */
export async function findProject(
  instance: Instance,
  organization: string,
  id: string,
): Promise<{ readonly name: string } | undefined> {
  try {
    const { project } = await managementOf(instance, organization)
      .getProjectByID({ id }, to("look for the project"));
    return project;
  } catch (error) {
    const isMissing = error instanceof ZitadelError &&
      error.code === Code.NotFound;
    if (isMissing) return undefined;
    throw error;
  }
}

/** Lists the projects that were granted to an organization. */
export const listGrantedProjects = listerOf(
  "list the granted projects",
  (management, page) => management.listGrantedProjects(page),
  ({ projectId: id, projectName: name, grantedRoleKeys: roles }) => (
    { id, name, roles }
  ),
);

/** Lists the organizations that a project is granted to. */
export const listProjectGrants = listerOf(
  "list the project's grants",
  (management, page, projectId: string) =>
    management.listProjectGrants({ projectId, ...page }),
  ({ grantedOrgId: id, grantedOrgName: name, state }) => (
    { id, name, isActive: state !== ProjectGrantState.INACTIVE }
  ),
);

export const listRoles = listerOf(
  "list the project's roles",
  (management, page, projectId: string) =>
    management.listProjectRoles({ projectId, ...page }),
  ({ key }) => key,
);

export const listApplications = listerOf(
  "list the project's applications",
  (management, page, projectId: string) =>
    management.listApps({ projectId, ...page }),
  ({ id, name, config: { case: kind, value } }): Application => {
    if (kind !== "oidcConfig") {
      const clientId = kind === "apiConfig" ? value.clientId : "";
      return { id, name, clientId, accessTokens: undefined };
    }
    const { clientId, accessTokenType } = value;
    const accessTokens = accessTokenType === JWT ? "jwt" : "opaque";
    return { id, name, clientId, accessTokens };
  },
);

export async function createProject(
  instance: Instance,
  organization: string,
  options: {
    readonly name: string;
    readonly roles: readonly string[];
    readonly assertsRoles?: boolean;
  },
) {
  const { name, assertsRoles = true } = options;
  const management = managementOf(instance, organization);
  const creating = to(`create the project "${name}"`);
  const project = { name, projectRoleAssertion: assertsRoles };
  const { id } = await management.addProject(project, creating);
  const roles = options.roles.map((key) => ({ key, displayName: key }));
  if (roles.length > 0) {
    await management.bulkAddProjectRoles({ projectId: id, roles }, creating);
  }
  return { id, name, assertsRoles };
}

/** How the names of `dev --create-app`'s applications begin, so that leftovers can be found. */
export const TEMPORARY_APP_NAME = "Token inspector (temporary)";

/** Creates a single-page application: code + PKCE, refresh tokens. */
export async function createApplication(
  instance: Instance,
  organization: string,
  options: {
    readonly project: string;
    readonly name: string;
    readonly redirectUri: string;
    readonly accessTokens?: "jwt" | "opaque";
  },
): Promise<Application> {
  const { project, name, redirectUri, accessTokens = "jwt" } = options;
  const management = managementOf(instance, organization);
  const { appId, clientId } = await management.addOIDCApp({
    projectId: project,
    name,
    redirectUris: [redirectUri],
    responseTypes: [OIDCResponseType.OIDC_RESPONSE_TYPE_CODE],
    grantTypes: [
      OIDCGrantType.OIDC_GRANT_TYPE_AUTHORIZATION_CODE,
      OIDCGrantType.OIDC_GRANT_TYPE_REFRESH_TOKEN,
    ],
    appType: OIDCAppType.OIDC_APP_TYPE_USER_AGENT,
    authMethodType: OIDCAuthMethodType.OIDC_AUTH_METHOD_TYPE_NONE,
    accessTokenType: accessTokens === "jwt"
      ? JWT
      : OIDCTokenType.OIDC_TOKEN_TYPE_BEARER,
    devMode: true,
  }, to(`create the application "${name}"`));
  return { id: appId, name, clientId, accessTokens };
}
