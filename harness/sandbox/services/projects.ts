import { Code } from "@connectrpc/connect";
import {
  OIDCAuthMethodType,
  OIDCTokenType,
} from "@zitadel/proto/zitadel/app_pb.js";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { alreadyExists, apiError, notFound } from "../api_error.ts";
import { type Call, listOf, methodsOf } from "../api_method.ts";
import { newIdentifier, newSecret } from "../identifier.ts";
import { type App, dated, type Project, touch } from "../world.ts";

const CLIENT_SECRET_LENGTH = 64;
const JWT = OIDCTokenType.OIDC_TOKEN_TYPE_JWT;
const OPAQUE = OIDCTokenType.OIDC_TOKEN_TYPE_BEARER;

/** Management v1's methods for projects, applications and grants. */
export const projectMethods = methodsOf(ManagementService, {
  listProjects: ({ query }, { world, organization }) =>
    listOf(
      world.projects.values().filter((it) =>
        it.organizationId === organization.id
      ),
      query,
      projectMessage,
    ),
  getProjectByID: ({ id }, { world, organization }) => {
    const project = world.projects.get(id);
    if (project?.organizationId === organization.id) {
      return { project: projectMessage(project) };
    }
    throw notFound("Project not found", "MANAG-SFf2a");
  },
  addProject: ({ name, projectRoleAssertion }, { world, organization }) => {
    const id = newIdentifier();
    world.projects.set(id, {
      ...{ id, name, organizationId: organization.id },
      roleAssertion: projectRoleAssertion,
      roles: new Set(),
    });
    return { id };
  },
  listProjectRoles: ({ projectId, query }, call) =>
    listOf(
      projectOf(call, projectId).roles,
      query,
      (key) => ({ key, displayName: key }),
    ),
  bulkAddProjectRoles: ({ projectId, roles: added }, call) => {
    const { roles } = projectOf(call, projectId);
    for (const { key } of added) {
      if (roles.has(key)) throw alreadyExists("Role already exists");
      roles.add(key);
    }
    return {};
  },
  removeProjectRole: ({ projectId, roleKey }, call) => {
    projectOf(call, projectId).roles.delete(roleKey);
    return {};
  },
  addProjectGrant: ({ grantedOrgId, roleKeys, ...request }, call) => {
    const { id: projectId } = projectOf(call, request.projectId);
    const grant = { projectId, organizationId: grantedOrgId, roles: roleKeys };
    const id = newIdentifier();
    call.world.projectGrants.set(id, { id, ...grant });
    return { grantId: id };
  },
  listProjectGrants: ({ projectId, query }, call) => {
    const { id } = projectOf(call, projectId);
    const { projectGrants, organizations } = call.world;
    return listOf(
      projectGrants.values().filter((grant) => grant.projectId === id),
      query,
      (grant) => ({
        grantId: grant.id,
        grantedOrgId: grant.organizationId,
        grantedOrgName: organizations.get(grant.organizationId)?.name ?? "",
      }),
    );
  },
  listGrantedProjects: ({ query }, { world, organization }) =>
    listOf(
      world.projectGrants.values().filter((grant) =>
        grant.organizationId === organization.id
      ),
      query,
      ({ projectId, roles: grantedRoleKeys }) => ({
        projectId,
        grantedRoleKeys,
        projectName: world.projects.get(projectId)?.name ?? "",
      }),
    ),
  listApps: ({ projectId, query }, call) => {
    const { id } = projectOf(call, projectId);
    return listOf(
      call.world.apps.values().filter((app) => app.projectId === id),
      query,
      ({ id, name, kind, clientId, accessToken }) => ({
        id,
        name,
        config: kind === "api" ? { case: "apiConfig", value: { clientId } } : {
          case: "oidcConfig",
          value: {
            clientId,
            accessTokenType: accessToken === "jwt" ? JWT : OPAQUE,
          },
        },
      } as const),
    );
  },
  addOIDCApp: (request, call) => {
    const { name, redirectUris, postLogoutRedirectUris } = request;
    const isPublic = request.authMethodType ===
      OIDCAuthMethodType.OIDC_AUTH_METHOD_TYPE_NONE;
    return addApp(call, request.projectId, {
      ...{ name, redirectUris, postLogoutRedirectUris, kind: "oidc" },
      accessToken: request.accessTokenType === JWT ? "jwt" : "opaque",
    }, isPublic ? undefined : newSecret(CLIENT_SECRET_LENGTH));
  },
  addAPIApp: ({ projectId, name }, call) =>
    addApp(call, projectId, {
      ...{ name, redirectUris: [], postLogoutRedirectUris: [], kind: "api" },
      accessToken: "opaque",
    }, newSecret(CLIENT_SECRET_LENGTH)),
  removeApp: ({ projectId, appId }, call) => {
    const { apps } = call.world;
    if (apps.get(appId)?.projectId !== projectOf(call, projectId).id) {
      throw notFound("Application doesn't exist", "COMMAND-0po9s");
    }
    apps.delete(appId);
    return {};
  },
  addUserGrant: ({ userId, roleKeys, ...request }, call) => {
    const { projectId, projectGrantId } = request;
    const { roles } = projectOf(call, projectId);
    if (!roleKeys.every((role) => roles.has(role))) {
      throw apiError(
        Code.FailedPrecondition,
        "Errors.Project.Role.NotFound",
        "COMMAND-mm9F4",
      );
    }
    const id = newIdentifier();
    call.world.userGrants.set(id, {
      ...dated(),
      ...{ id, userId, projectId, roles: roleKeys, active: true },
      projectGrantId: projectGrantId || undefined,
      organizationId: call.organization.id,
    });
    return { userGrantId: id };
  },
  deactivateUserGrant: ({ grantId }, { world }) => {
    const grant = world.userGrants.get(grantId);
    if (!grant) throw notFound("User grant not found", "COMMAND-1S9ds");
    grant.active = false;
    touch(grant);
    return {};
  },
  listUserGrants: ({ query, queries }, { world, organization }) =>
    listOf(
      world.userGrants.values().filter((grant) =>
        grant.organizationId === organization.id &&
        queries.every(({ query }) =>
          query.case !== "userIdQuery" || query.value.userId === grant.userId
        )
      ),
      query,
      ({ id, userId, projectId, roles, active }) => ({
        id,
        userId,
        projectId,
        roleKeys: roles,
        state: active ? 1 : 2,
      }),
    ),
});

function projectMessage({ id, name, roleAssertion }: Project) {
  return { id, name, projectRoleAssertion: roleAssertion };
}

function addApp(
  call: Call,
  project: string,
  app: Omit<App, "id" | "projectId" | "clientId">,
  clientSecret: string | undefined,
) {
  const { id: projectId } = projectOf(call, project);
  const ids = { id: newIdentifier(), clientId: newIdentifier() };
  call.world.apps.set(ids.id, { ...app, ...ids, projectId, clientSecret });
  const { id: appId, clientId } = ids;
  return { appId, clientId, clientSecret: clientSecret ?? "" };
}

/** Finds a project that the organization owns or was granted. */
function projectOf({ world, organization }: Call, id: string): Project {
  const project = world.projects.get(id);
  const isGranted = world.projectGrants.values().some((grant) =>
    grant.projectId === id && grant.organizationId === organization.id
  );
  if (project?.organizationId === organization.id || project && isGranted) {
    return project;
  }
  throw notFound("Project not found", "EVENT-NVO3c");
}
