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
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import {
  ProjectGrantState,
  ProjectState,
} from "@zitadel/proto/zitadel/project_pb";
import { Code } from "@connectrpc/connect";
import type { Instance } from "./client.ts";
import { PAGE_SIZE, readPages } from "./pages.ts";
import { attempt, ZitadelError } from "./zitadel_error.ts";

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
  const management = instance.service(ManagementService, { organization });
  return attempt("list the projects", () =>
    readPages(async (offset) => {
      const { result, details } = await management.listProjects({
        query: { offset: BigInt(offset), limit: PAGE_SIZE, asc: true },
      });
      return {
        entries: result.map(({ id, name, projectRoleAssertion, state }) => ({
          id,
          name,
          assertsRoles: projectRoleAssertion,
          isActive: state !== ProjectState.INACTIVE,
        })),
        total: Number(details?.totalResult ?? 0),
      };
    }));
}

/** Finds a project that an organization owns. */
export async function findProject(
  instance: Instance,
  organization: string,
  id: string,
): Promise<{ readonly name: string } | undefined> {
  const management = instance.service(ManagementService, { organization });
  try {
    const { project } = await attempt(
      "look for the project",
      () => management.getProjectByID({ id }),
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
  const management = instance.service(ManagementService, { organization });
  return attempt(
    "list the granted projects",
    () =>
      readPages(async (offset) => {
        const { result, details } = await management.listGrantedProjects({
          query: { offset: BigInt(offset), limit: PAGE_SIZE, asc: true },
        });
        return {
          entries: result.map((
            { projectId, projectName, grantedRoleKeys },
          ) => ({
            id: projectId,
            name: projectName,
            roles: grantedRoleKeys,
          })),
          total: Number(details?.totalResult ?? 0),
        };
      }),
  );
}

/** Lists the organizations that a project is granted to. */
export function listProjectGrants(
  instance: Instance,
  organization: string,
  project: string,
): Promise<
  { readonly id: string; readonly name: string; readonly isActive: boolean }[]
> {
  const management = instance.service(ManagementService, { organization });
  return attempt(
    "list the project's grants",
    () =>
      readPages(async (offset) => {
        const { result, details } = await management.listProjectGrants({
          projectId: project,
          query: { offset: BigInt(offset), limit: PAGE_SIZE, asc: true },
        });
        return {
          entries: result.map(({ grantedOrgId, grantedOrgName, state }) => ({
            id: grantedOrgId,
            name: grantedOrgName,
            isActive: state !== ProjectGrantState.INACTIVE,
          })),
          total: Number(details?.totalResult ?? 0),
        };
      }),
  );
}

export function listRoles(
  instance: Instance,
  organization: string,
  project: string,
): Promise<string[]> {
  const management = instance.service(ManagementService, { organization });
  return attempt("list the project's roles", () =>
    readPages(async (offset) => {
      const { result, details } = await management.listProjectRoles({
        projectId: project,
        query: { offset: BigInt(offset), limit: PAGE_SIZE, asc: true },
      });
      return {
        entries: result.map(({ key }) => key),
        total: Number(details?.totalResult ?? 0),
      };
    }));
}

export function listApplications(
  instance: Instance,
  organization: string,
  project: string,
): Promise<Application[]> {
  const management = instance.service(ManagementService, { organization });
  return attempt(
    "list the project's applications",
    () =>
      readPages(async (offset) => {
        const { result, details } = await management.listApps({
          projectId: project,
          query: { offset: BigInt(offset), limit: PAGE_SIZE, asc: true },
        });
        return {
          entries: result.map(({ id, name, config }): Application => {
            if (config.case !== "oidcConfig") {
              return {
                id,
                name,
                clientId: config.case === "apiConfig"
                  ? config.value.clientId
                  : "",
                accessTokens: undefined,
              };
            }
            const { clientId, accessTokenType } = config.value;
            return {
              id,
              name,
              clientId,
              accessTokens:
                accessTokenType === OIDCTokenType.OIDC_TOKEN_TYPE_JWT
                  ? "jwt"
                  : "opaque",
            };
          }),
          total: Number(details?.totalResult ?? 0),
        };
      }),
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
  const management = instance.service(ManagementService, { organization });
  return await attempt(`create the project "${name}"`, async () => {
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
  const management = instance.service(ManagementService, { organization });
  const { appId, clientId } = await attempt(
    `create the application "${name}"`,
    () =>
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
