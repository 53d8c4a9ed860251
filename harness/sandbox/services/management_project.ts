import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  APIAuthMethodType,
  type AppSchema,
  AppState,
  OIDCAppType,
  OIDCAuthMethodType,
  OIDCGrantType,
  OIDCResponseType,
  OIDCTokenType,
} from "@zitadel/proto/zitadel/app_pb.js";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { ProjectState } from "@zitadel/proto/zitadel/project_pb.js";
import { alreadyExists, notFound } from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call } from "../api_method.ts";
import { newIdentifier } from "../identifier.ts";
import { listOf, matchesText } from "../list.ts";
import { removeProject } from "../remove.ts";
import { type App, dated, newSecret, type Project, touch } from "../world.ts";
import { changedDetails, detailsOf, madeDetails } from "./details.ts";

const { method } = ManagementService;
const CLIENT_SECRET_LENGTH = 64;

/**
 * Management v1 as far as it is about projects: roles, applications, grants to
 * other organizations.
 *
 * @returns The methods.
 */
export function managementProjectMethods(): ApiMethod[] {
  return [
    apiMethod(method.listProjects, ({ query, queries }, call) => {
      const { instance, organization } = call;
      const found = [...instance.world.projects.values()].filter((project) =>
        project.organizationId === organization.id &&
        queries.every(({ query }) =>
          query.case !== "nameQuery" ||
          matchesText(project.name, query.value.name, query.value.method)
        )
      );
      const list = listOf(found, query);
      return {
        details: list.details,
        result: list.items.map((project) => ({
          id: project.id,
          details: detailsOf(project, organization.id),
          name: project.name,
          state: ProjectState.ACTIVE,
          projectRoleAssertion: project.roleAssertion,
        })),
      };
    }),
    apiMethod(
      method.addProject,
      ({ name, projectRoleAssertion }, { instance, organization }) => {
        const project: Project = {
          ...dated(2),
          id: newIdentifier(),
          organizationId: organization.id,
          name,
          roleAssertion: projectRoleAssertion,
          roles: new Map(),
        };
        instance.world.projects.set(project.id, project);
        return {
          id: project.id,
          details: madeDetails(project, organization.id),
        };
      },
    ),
    apiMethod(method.removeProject, ({ id }, call) => {
      const project = projectOf(call, id);
      removeProject(call.instance.world, id);
      return { details: changedDetails(project, project.organizationId) };
    }),
    apiMethod(method.listProjectRoles, ({ projectId, query }, call) => {
      const project = projectOf(call, projectId);
      const list = listOf([...project.roles.values()], query);
      return {
        details: list.details,
        result: list.items.map((role) => ({
          key: role.key,
          details: detailsOf(role, project.organizationId),
          displayName: role.displayName,
          group: role.group,
        })),
      };
    }),
    apiMethod(method.addProjectRole, (request, call) => {
      const project = projectOf(call, request.projectId);
      addRole(project, { ...request, key: request.roleKey });
      return { details: madeDetails(project, project.organizationId) };
    }),
    apiMethod(method.bulkAddProjectRoles, (request, call) => {
      const project = projectOf(call, request.projectId);
      for (const role of request.roles) addRole(project, role);
      return { details: changedDetails(project, project.organizationId) };
    }),
    apiMethod(method.addProjectGrant, (request, call) => {
      const project = projectOf(call, request.projectId);
      const grant = {
        ...dated(),
        id: newIdentifier(),
        projectId: project.id,
        organizationId: request.grantedOrgId,
        roles: [...request.roleKeys],
      };
      call.instance.world.projectGrants.set(grant.id, grant);
      return {
        grantId: grant.id,
        details: madeDetails(grant, project.organizationId),
      };
    }),
    apiMethod(method.listGrantedProjects, ({ query }, call) => {
      const { instance, organization } = call;
      const { projectGrants, projects } = instance.world;
      const list = listOf(
        [...projectGrants.values()].filter((grant) =>
          grant.organizationId === organization.id
        ),
        query,
      );
      return {
        details: list.details,
        result: list.items.map((grant) => ({
          grantId: grant.id,
          grantedOrgId: organization.id,
          grantedRoleKeys: grant.roles,
          projectId: grant.projectId,
          projectName: projects.get(grant.projectId)?.name ?? "",
        })),
      };
    }),
    apiMethod(method.listApps, ({ projectId, query, queries }, call) => {
      const project = projectOf(call, projectId);
      const found = [...call.instance.world.apps.values()].filter((app) =>
        app.projectId === project.id &&
        queries.every(({ query }) =>
          query.case !== "nameQuery" ||
          matchesText(app.name, query.value.name, query.value.method)
        )
      );
      const list = listOf(found, query);
      return {
        details: list.details,
        result: list.items.map((app) =>
          appMessage(app, project.organizationId)
        ),
      };
    }),
    apiMethod(method.addOIDCApp, (request, call) => {
      const isPublic = request.authMethodType ===
        OIDCAuthMethodType.OIDC_AUTH_METHOD_TYPE_NONE;
      return addApp(call, request.projectId, {
        name: request.name,
        kind: "oidc",
        redirectUris: [...request.redirectUris],
        postLogoutRedirectUris: [...request.postLogoutRedirectUris],
        accessToken:
          request.accessTokenType === OIDCTokenType.OIDC_TOKEN_TYPE_JWT
            ? "jwt"
            : "opaque",
        accessTokenRoleAssertion: request.accessTokenRoleAssertion,
        idTokenRoleAssertion: request.idTokenRoleAssertion,
        ...(!isPublic && { clientSecret: newSecret(CLIENT_SECRET_LENGTH) }),
      });
    }),
    apiMethod(
      method.addAPIApp,
      (request, call) =>
        addApp(call, request.projectId, {
          name: request.name,
          kind: "api",
          redirectUris: [],
          postLogoutRedirectUris: [],
          accessToken: "opaque",
          accessTokenRoleAssertion: false,
          idTokenRoleAssertion: false,
          clientSecret: newSecret(CLIENT_SECRET_LENGTH),
        }),
    ),
  ];
}

function addRole(
  project: Project,
  { key, displayName, group }: {
    key: string;
    displayName: string;
    group: string;
  },
): void {
  if (project.roles.has(key)) throw alreadyExists("Role already exists");
  touch(project);
  const dates = dated(project.sequence);
  project.roles.set(key, { ...dates, key, displayName, group });
}

function addApp(
  call: Call,
  projectId: string,
  options: Omit<App, "id" | "projectId" | "clientId" | keyof typeof NOW>,
) {
  const project = projectOf(call, projectId);
  touch(project);
  const app: App = {
    ...dated(project.sequence),
    id: newIdentifier(),
    clientId: newIdentifier(),
    projectId: project.id,
    ...options,
  };
  call.instance.world.apps.set(app.id, app);
  return {
    appId: app.id,
    details: madeDetails(app, project.organizationId),
    clientId: app.clientId,
    clientSecret: app.clientSecret ?? "",
    ...(app.kind === "oidc" && complianceOf(app)),
  };
}

const NOW = dated();

/**
 * Finds a project of the organization that is called about, or one that was
 * granted to it.
 *
 * @param call The call.
 * @param id The project.
 * @returns The project.
 * @throws {ConnectError} Where there is none.
 */
export function projectOf(
  { instance, organization }: Call,
  id: string,
): Project {
  const project = instance.world.projects.get(id);
  const isGranted = [...instance.world.projectGrants.values()].some((grant) =>
    grant.projectId === id && grant.organizationId === organization.id
  );
  if (!project || !isGranted && project.organizationId !== organization.id) {
    throw notFound("Project not found", "EVENT-NVO3c");
  }
  return project;
}

/**
 * What ZITADEL finds to say of an application: it wants http redirects to be
 * those of web applications only, and reports each finding twice.
 */
function complianceOf(app: App) {
  const isPublic = app.clientSecret === undefined;
  const hasHttp = app.redirectUris.some((uri) => uri.startsWith("http:"));
  if (!isPublic || !hasHttp) return {};
  const notCompliant = {
    key: "Application.OIDC.V1.NotCompliant",
    localizedMessage:
      "Your configuration is not compliant and differs from OIDC 1.0 standard.",
  };
  return {
    noneCompliant: true,
    complianceProblems: [notCompliant, notCompliant, {
      key: "Application.OIDC.V1.Code.RedirectUris.HttpOnlyForWeb",
      localizedMessage:
        'Grant type "code" only allows http redirect uris for apptype "web".',
    }],
  };
}

function appMessage(
  app: App,
  owner: string,
): MessageInitShape<typeof AppSchema> {
  const common = {
    id: app.id,
    details: detailsOf(app, owner),
    state: AppState.ACTIVE,
    name: app.name,
  };
  if (app.kind === "api") {
    return {
      ...common,
      config: {
        case: "apiConfig",
        value: {
          clientId: app.clientId,
          authMethodType: APIAuthMethodType.API_AUTH_METHOD_TYPE_BASIC,
        },
      },
    };
  }
  const isPublic = app.clientSecret === undefined;
  return {
    ...common,
    config: {
      case: "oidcConfig",
      value: {
        redirectUris: app.redirectUris,
        responseTypes: [OIDCResponseType.OIDC_RESPONSE_TYPE_CODE],
        grantTypes: [
          OIDCGrantType.OIDC_GRANT_TYPE_AUTHORIZATION_CODE,
          OIDCGrantType.OIDC_GRANT_TYPE_REFRESH_TOKEN,
        ],
        appType: isPublic
          ? OIDCAppType.OIDC_APP_TYPE_USER_AGENT
          : OIDCAppType.OIDC_APP_TYPE_WEB,
        clientId: app.clientId,
        authMethodType: isPublic
          ? OIDCAuthMethodType.OIDC_AUTH_METHOD_TYPE_NONE
          : OIDCAuthMethodType.OIDC_AUTH_METHOD_TYPE_BASIC,
        postLogoutRedirectUris: app.postLogoutRedirectUris,
        devMode: true,
        accessTokenType: app.accessToken === "jwt"
          ? OIDCTokenType.OIDC_TOKEN_TYPE_JWT
          : OIDCTokenType.OIDC_TOKEN_TYPE_BEARER,
        accessTokenRoleAssertion: app.accessTokenRoleAssertion,
        idTokenRoleAssertion: app.idTokenRoleAssertion,
        ...complianceOf(app),
        clockSkew: {},
        allowedOrigins: [
          ...new Set(app.redirectUris.map((uri) => new URL(uri).origin)),
        ],
      },
    },
  };
}
