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
import type { Instance } from "./client.ts";
import { listManaged, manage } from "./manage.ts";
import { ZitadelError } from "./zitadel_error.ts";

export interface Project {
  readonly id: string;
  readonly name: string;
  /** Whether roles are sent without a scope that asks for them. */
  readonly assertsRoles: boolean;
  readonly isActive: boolean;
}

/** An OpenID Connect or API application. */
export interface Application {
  readonly id: string;
  readonly name: string;
  /** The id that it logs in with; empty for SAML. */
  readonly clientId: string;
  /** `undefined` if it gets no access tokens of its own. */
  readonly accessTokens: "jwt" | "opaque" | undefined;
}

/** Lists the projects that an organization owns. */
export function listProjects(
  instance: Instance,
  organization: string,
): Promise<Project[]> {
  return listManaged(
    instance,
    organization,
    "list the projects",
    (management, page) => management.listProjects(page),
    ({ id, name, projectRoleAssertion, state }) => ({
      id,
      name,
      assertsRoles: projectRoleAssertion,
      isActive: state !== ProjectState.INACTIVE,
    }),
  );
}

/** Finds a project that an organization owns. */
export async function findProject(
  instance: Instance,
  organization: string,
  id: string,
): Promise<{ readonly name: string } | undefined> {
  try {
    const { project } = await manage(
      instance,
      organization,
      "look for the project",
      (management) => management.getProjectByID({ id }),
    );
    return project;
  } catch (error) {
    const isMissing = error instanceof ZitadelError &&
      error.code === Code.NotFound;
    if (isMissing) return undefined;
    throw error;
  }
}

/** A project that another organization owns and granted. */
export interface GrantedProject {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly string[];
}

/** Lists the projects that were granted to an organization. */
export function listGrantedProjects(
  instance: Instance,
  organization: string,
): Promise<GrantedProject[]> {
  return listManaged(
    instance,
    organization,
    "list the granted projects",
    (management, page) => management.listGrantedProjects(page),
    ({ projectId: id, projectName: name, grantedRoleKeys: roles }) => ({
      id,
      name,
      roles,
    }),
  );
}

/** Lists the organizations that a project is granted to. */
export function listProjectGrants(
  instance: Instance,
  organization: string,
  projectId: string,
): Promise<
  { readonly id: string; readonly name: string; readonly isActive: boolean }[]
> {
  return listManaged(
    instance,
    organization,
    "list the project's grants",
    (management, page) => management.listProjectGrants({ projectId, ...page }),
    ({ grantedOrgId: id, grantedOrgName: name, state }) => ({
      id,
      name,
      isActive: state !== ProjectGrantState.INACTIVE,
    }),
  );
}

export function listRoles(
  instance: Instance,
  organization: string,
  projectId: string,
): Promise<string[]> {
  return listManaged(
    instance,
    organization,
    "list the project's roles",
    (management, page) => management.listProjectRoles({ projectId, ...page }),
    ({ key }) => key,
  );
}

export function listApplications(
  instance: Instance,
  organization: string,
  projectId: string,
): Promise<Application[]> {
  return listManaged(
    instance,
    organization,
    "list the project's applications",
    (management, page) => management.listApps({ projectId, ...page }),
    ({ id, name, config }): Application => {
      const isJwt = config.case === "oidcConfig" &&
        config.value.accessTokenType === OIDCTokenType.OIDC_TOKEN_TYPE_JWT;
      return {
        id,
        name,
        clientId: config.case === "oidcConfig" || config.case === "apiConfig"
          ? config.value.clientId
          : "",
        accessTokens: config.case !== "oidcConfig"
          ? undefined
          : isJwt
          ? "jwt"
          : "opaque",
      };
    },
  );
}

export async function createProject(
  instance: Instance,
  organization: string,
  options: {
    readonly name: string;
    readonly roles: readonly string[];
    readonly assertsRoles?: boolean;
  },
): Promise<Omit<Project, "isActive">> {
  const { name, roles, assertsRoles = true } = options;
  const action = `create the project "${name}"`;
  return await manage(instance, organization, action, async (management) => {
    const { id } = await management.addProject({
      name,
      projectRoleAssertion: assertsRoles,
    });
    if (roles.length > 0) {
      await management.bulkAddProjectRoles({
        projectId: id,
        roles: roles.map((key) => ({ key, displayName: key })),
      });
    }
    return { id, name, assertsRoles };
  });
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
  const { appId, clientId } = await manage(
    instance,
    organization,
    `create the application "${name}"`,
    (management) =>
      management.addOIDCApp({
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
          ? OIDCTokenType.OIDC_TOKEN_TYPE_JWT
          : OIDCTokenType.OIDC_TOKEN_TYPE_BEARER,
        devMode: true,
      }),
  );
  return { id: appId, name, clientId, accessTokens };
}
