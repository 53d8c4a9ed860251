import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import {
  type AppSchema,
  OIDCAuthMethodType,
  OIDCTokenType,
} from "@zitadel/proto/zitadel/app_pb.js";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { alreadyExists, apiError, notFound } from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call, listOf } from "../api_method.ts";
import { newIdentifier, newSecret } from "../identifier.ts";
import {
  type App,
  dated,
  type Project,
  touch,
  type UserGrant,
} from "../world.ts";

const { method } = ManagementService;
const CLIENT_SECRET_LENGTH = 64;

/** Management v1's methods for projects, applications and grants. */
export const projectMethods: readonly ApiMethod[] = [
  apiMethod(method.listProjects, ({ query }, call) => {
    const { id } = call.organization;
    const found = [...call.instance.world.projects.values()]
      .filter(({ organizationId }) => organizationId === id);
    return listOf(found, query, projectMessage);
  }),
  apiMethod(method.getProjectByID, ({ id }, call) => {
    const project = call.instance.world.projects.get(id);
    if (project?.organizationId !== call.organization.id) {
      throw notFound("Project not found", "MANAG-SFf2a");
    }
    return { project: projectMessage(project) };
  }),
  apiMethod(method.addProject, ({ name, projectRoleAssertion }, call) => {
    const id = newIdentifier();
    call.instance.world.projects.set(id, {
      id,
      organizationId: call.organization.id,
      name,
      roleAssertion: projectRoleAssertion,
      roles: new Set(),
    });
    return { id };
  }),
  apiMethod(method.listProjectRoles, ({ projectId, query }, call) => {
    const roles = [...projectOf(call, projectId).roles];
    return listOf(roles, query, (key) => ({ key, displayName: key }));
  }),
  apiMethod(method.bulkAddProjectRoles, ({ projectId, roles: added }, call) => {
    const { roles } = projectOf(call, projectId);
    for (const { key } of added) {
      if (roles.has(key)) throw alreadyExists("Role already exists");
      roles.add(key);
    }
    return {};
  }),
  apiMethod(method.removeProjectRole, ({ projectId, roleKey }, call) => {
    projectOf(call, projectId).roles.delete(roleKey);
    return {};
  }),
  apiMethod(method.addProjectGrant, (request, call) => {
    const { id: projectId } = projectOf(call, request.projectId);
    const id = newIdentifier();
    call.instance.world.projectGrants.set(id, {
      id,
      projectId,
      organizationId: request.grantedOrgId,
      roles: request.roleKeys,
    });
    return { grantId: id };
  }),
  apiMethod(method.listProjectGrants, ({ projectId, query }, call) => {
    const { id, name } = projectOf(call, projectId);
    const { projectGrants, organizations } = call.instance.world;
    const found = [...projectGrants.values()]
      .filter((grant) => grant.projectId === id);
    return listOf(found, query, (grant) => ({
      grantId: grant.id,
      grantedOrgId: grant.organizationId,
      grantedOrgName: organizations.get(grant.organizationId)?.name ?? "",
      grantedRoleKeys: grant.roles,
      projectId: id,
      projectName: name,
    }));
  }),
  apiMethod(method.listGrantedProjects, ({ query }, call) => {
    const { projectGrants, projects } = call.instance.world;
    const found = [...projectGrants.values()].filter((grant) =>
      grant.organizationId === call.organization.id
    );
    return listOf(found, query, ({ projectId, roles }) => ({
      projectId,
      projectName: projects.get(projectId)?.name ?? "",
      grantedRoleKeys: roles,
    }));
  }),
  apiMethod(method.listApps, ({ projectId, query }, call) => {
    const { id } = projectOf(call, projectId);
    const found = [...call.instance.world.apps.values()]
      .filter((app) => app.projectId === id);
    return listOf(found, query, appMessage);
  }),
  apiMethod(method.addOIDCApp, (request, call) => {
    const { OIDC_AUTH_METHOD_TYPE_NONE: NONE } = OIDCAuthMethodType;
    const isJwt = request.accessTokenType === OIDCTokenType.OIDC_TOKEN_TYPE_JWT;
    return addApp(call, request.projectId, {
      name: request.name,
      kind: "oidc",
      redirectUris: request.redirectUris,
      postLogoutRedirectUris: request.postLogoutRedirectUris,
      accessToken: isJwt ? "jwt" : "opaque",
    }, request.authMethodType !== NONE);
  }),
  apiMethod(
    method.addAPIApp,
    ({ projectId, name }, call) =>
      addApp(call, projectId, {
        name,
        kind: "api",
        redirectUris: [],
        postLogoutRedirectUris: [],
        accessToken: "opaque",
      }, true),
  ),
  apiMethod(method.removeApp, ({ projectId, appId }, call) => {
    const { apps } = call.instance.world;
    if (apps.get(appId)?.projectId !== projectOf(call, projectId).id) {
      throw notFound("Application doesn't exist", "COMMAND-0po9s");
    }
    apps.delete(appId);
    return {};
  }),
  apiMethod(method.addUserGrant, (request, call) => {
    const { instance: { world }, organization } = call;
    const { userId, projectId, projectGrantId, roleKeys } = request;
    const { roles } = projectOf(call, projectId);
    if (!roleKeys.every((role) => roles.has(role))) {
      throw apiError(
        Code.FailedPrecondition,
        "Errors.Project.Role.NotFound",
        "COMMAND-mm9F4",
      );
    }
    const grant: UserGrant = {
      ...dated(),
      id: newIdentifier(),
      userId,
      projectId,
      ...projectGrantId && { projectGrantId },
      organizationId: organization.id,
      roles: roleKeys,
      active: true,
    };
    world.userGrants.set(grant.id, grant);
    return { userGrantId: grant.id };
  }),
  apiMethod(method.deactivateUserGrant, ({ grantId }, { instance }) => {
    const grant = instance.world.userGrants.get(grantId);
    if (!grant) throw notFound("User grant not found", "COMMAND-1S9ds");
    grant.active = false;
    touch(grant);
    return {};
  }),
  apiMethod(method.listUserGrants, ({ query, queries }, call) => {
    const found = [...call.instance.world.userGrants.values()].filter((grant) =>
      grant.organizationId === call.organization.id &&
      queries.every(({ query }) =>
        query.case !== "userIdQuery" || query.value.userId === grant.userId
      )
    );
    return listOf(found, query, ({ id, userId, projectId, ...grant }) => ({
      ...{ id, userId, projectId, roleKeys: grant.roles },
      state: grant.active ? 1 : 2,
    }));
  }),
];

function projectMessage({ id, name, roleAssertion }: Project) {
  return { id, name, projectRoleAssertion: roleAssertion };
}

function addApp(
  call: Call,
  projectId: string,
  app: Omit<App, "id" | "projectId" | "clientId">,
  isConfidential: boolean,
) {
  const project = projectOf(call, projectId);
  const clientSecret = newSecret(CLIENT_SECRET_LENGTH);
  const id = newIdentifier();
  const clientId = newIdentifier();
  call.instance.world.apps.set(id, {
    ...app,
    ...{ id, clientId, projectId: project.id },
    ...isConfidential && { clientSecret },
  });
  return { appId: id, clientId, ...isConfidential && { clientSecret } };
}

function appMessage(app: App): MessageInitShape<typeof AppSchema> {
  const { id, name, clientId } = app;
  const accessTokenType = app.accessToken === "jwt"
    ? OIDCTokenType.OIDC_TOKEN_TYPE_JWT
    : OIDCTokenType.OIDC_TOKEN_TYPE_BEARER;
  return {
    id,
    name,
    config: app.kind === "api"
      ? { case: "apiConfig", value: { clientId } }
      : { case: "oidcConfig", value: { clientId, accessTokenType } },
  };
}

/** Finds a project that the organization owns or was granted. */
function projectOf({ instance, organization }: Call, id: string): Project {
  const { projects, projectGrants } = instance.world;
  const project = projects.get(id);
  const isGranted = projectGrants.values().some((grant) =>
    grant.projectId === id && grant.organizationId === organization.id
  );
  if (!project || !isGranted && project.organizationId !== organization.id) {
    throw notFound("Project not found", "EVENT-NVO3c");
  }
  return project;
}
