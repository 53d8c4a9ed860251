import {
  OIDCAuthMethodType,
  OIDCTokenType,
} from "@zitadel/proto/zitadel/app_pb.js";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { alreadyExists, failedPrecondition, notFound } from "../api_error.ts";
import { type Call, listOf, methodsOf } from "../api_method.ts";
import { newIdentifier, newSecret } from "../identifier.ts";
import {
  type App,
  dated,
  type Project,
  rowsOf,
  touch,
  type UserGrant,
} from "../world.ts";

const PUBLIC = OIDCAuthMethodType.OIDC_AUTH_METHOD_TYPE_NONE;
const JWT = OIDCTokenType.OIDC_TOKEN_TYPE_JWT;
const OPAQUE = OIDCTokenType.OIDC_TOKEN_TYPE_BEARER;

/** Management v1's methods for projects, applications and grants. */
export const projectMethods = methodsOf(ManagementService, {
  listProjects: ({ query }, { world, organization }) =>
    listOf(
      rowsOf(world.projects, { organizationId: organization.id }),
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
      id,
      name,
      organizationId: organization.id,
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
      rowsOf(projectGrants, { projectId: id }),
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
      rowsOf(world.projectGrants, { organizationId: organization.id }),
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
      rowsOf(call.world.apps, { projectId: id }),
      query,
      ({ id, name, kind, clientId, accessToken }) => {
        const accessTokenType = accessToken === "jwt" ? JWT : OPAQUE;
        const value = { clientId, accessTokenType };
        return { id, name, config: { case: `${kind}Config`, value } } as const;
      },
    );
  },
  addOIDCApp: ({ accessTokenType, authMethodType, ...app }, call) =>
    addApp(call, app, {
      kind: "oidc",
      accessToken: accessTokenType === JWT ? "jwt" : "opaque",
      isPublic: authMethodType === PUBLIC,
    }),
  addAPIApp: (app, call) => addApp(call, app, { kind: "api" }),
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
      throw failedPrecondition("Errors.Project.Role.NotFound", "COMMAND-mm9F4");
    }
    const id = newIdentifier();
    call.world.userGrants.set(id, {
      ...dated(),
      id,
      userId,
      projectId,
      roles: roleKeys,
      active: true,
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
  listUserGrants: ({ query, queries }, { world, organization }) => {
    const wanted: Partial<UserGrant> = { organizationId: organization.id };
    for (const { query: { case: kind, value } } of queries) {
      if (kind === "userIdQuery") wanted.userId = value.userId;
    }
    return listOf(
      rowsOf(world.userGrants, wanted),
      query,
      ({ id, userId, projectId, roles: roleKeys, active }) => (
        { id, userId, projectId, roleKeys, state: active ? 1 : 2 }
      ),
    );
  },
});

function projectMessage({ id, name, roleAssertion }: Project) {
  return { id, name, projectRoleAssertion: roleAssertion };
}

function addApp(
  call: Call,
  { name, redirectUris = [], postLogoutRedirectUris = [], ...request }:
    & Pick<App, "projectId" | "name">
    & Partial<Pick<App, "redirectUris" | "postLogoutRedirectUris">>,
  { kind, accessToken = "opaque", isPublic = false }:
    & Pick<App, "kind">
    & { accessToken?: App["accessToken"]; isPublic?: boolean },
) {
  const { id: projectId } = projectOf(call, request.projectId);
  const [id, clientId] = [newIdentifier(), newIdentifier()];
  const clientSecret = isPublic ? undefined : newSecret();
  call.world.apps.set(id, {
    id,
    projectId,
    name,
    kind,
    clientId,
    clientSecret,
    accessToken,
    redirectUris,
    postLogoutRedirectUris,
  });
  return { appId: id, clientId, clientSecret: clientSecret ?? "" };
}

/** Finds a project that the organization owns or was granted. */
function projectOf({ world, organization }: Call, id: string): Project {
  const project = world.projects.get(id);
  const grant = { projectId: id, organizationId: organization.id };
  const isOwn = project?.organizationId === organization.id;
  if (project && (isOwn || rowsOf(world.projectGrants, grant).length > 0)) {
    return project;
  }
  throw notFound("Project not found", "EVENT-NVO3c");
}
