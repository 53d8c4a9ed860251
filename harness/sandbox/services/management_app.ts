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
import { notFound } from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call } from "../api_method.ts";
import { type Dated, dated, touch } from "../dated.ts";
import { newIdentifier } from "../identifier.ts";
import { listOf, matchesText } from "../list.ts";
import { newSecret } from "../secret.ts";
import type { App } from "../world.ts";
import { changedDetails, createdDetails, detailsOf } from "./details.ts";
import { projectOf } from "./management_project.ts";

const { method } = ManagementService;
const CLIENT_SECRET_LENGTH = 64;

/** Management v1's methods for applications. */
export function managementAppMethods(): ApiMethod[] {
  return [
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
    apiMethod(method.removeApp, ({ projectId, appId }, call) => {
      const project = projectOf(call, projectId);
      const { apps } = call.instance.world;
      if (apps.get(appId)?.projectId !== project.id) {
        throw notFound("Application doesn't exist", "COMMAND-0po9s");
      }
      apps.delete(appId);
      touch(project);
      return { details: changedDetails(project, project.organizationId) };
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

function addApp(
  call: Call,
  projectId: string,
  options: Omit<App, "id" | "projectId" | "clientId" | keyof Dated>,
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
    details: createdDetails(app, project.organizationId),
    clientId: app.clientId,
    clientSecret: app.clientSecret ?? "",
    ...(app.kind === "oidc" && complianceOf(app)),
  };
}

/**
 * ZITADEL's compliance findings: http redirects are for web applications only.
 * It reports each finding twice.
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
