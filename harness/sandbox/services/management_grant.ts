import { Code } from "@connectrpc/connect";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { Type, UserGrantState } from "@zitadel/proto/zitadel/user_pb.js";
import { apiError, notFound } from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call } from "../api_method.ts";
import { dated, touch } from "../dated.ts";
import { newIdentifier } from "../identifier.ts";
import { listOf } from "../list.ts";
import type { UserGrant, World } from "../world.ts";
import { changedDetails, createdDetails, detailsOf } from "./details.ts";
import { projectOf } from "./management_project.ts";
import { userOf } from "./management_user.ts";

const { method } = ManagementService;

/** Management v1's methods for user grants. */
export function managementGrantMethods(): ApiMethod[] {
  return [
    apiMethod(method.addUserGrant, (request, call) => {
      const { instance, organization } = call;
      const { userId, projectId, projectGrantId, roleKeys } = request;
      userOf(instance.world, userId);
      const project = projectOf(call, projectId);
      if (!roleKeys.every((role) => project.roles.has(role))) {
        throw apiError(
          Code.FailedPrecondition,
          "Errors.Project.Role.NotFound",
          { id: "COMMAND-mm9F4" },
        );
      }
      const grant: UserGrant = {
        ...dated(),
        id: newIdentifier(),
        userId,
        projectId,
        ...(projectGrantId && { projectGrantId }),
        organizationId: organization.id,
        roles: [...roleKeys],
        active: true,
      };
      instance.world.userGrants.set(grant.id, grant);
      return {
        userGrantId: grant.id,
        details: createdDetails(grant, organization.id),
      };
    }),
    ...([
      [method.deactivateUserGrant, false],
      [method.reactivateUserGrant, true],
    ] as const).map(([desc, active]) =>
      apiMethod(desc, ({ grantId }, { instance }) => {
        const grant = grantOf(instance.world, grantId);
        grant.active = active;
        touch(grant);
        return { details: changedDetails(grant, grant.organizationId) };
      })
    ),
    apiMethod(method.removeUserGrant, ({ grantId }, { instance }) => {
      const grant = grantOf(instance.world, grantId);
      instance.world.userGrants.delete(grantId);
      return { details: changedDetails(grant, grant.organizationId) };
    }),
    apiMethod(method.listUserGrants, ({ query, queries }, call) => {
      const { instance, organization } = call;
      const found = [...instance.world.userGrants.values()].filter((grant) =>
        grant.organizationId === organization.id &&
        queries.every(({ query }) => {
          switch (query.case) {
            case "userIdQuery":
              return grant.userId === query.value.userId;
            case "projectIdQuery":
              return grant.projectId === query.value.projectId;
            default:
              return true;
          }
        })
      );
      const list = listOf(found, query);
      return {
        details: list.details,
        result: list.items.map((grant) => grantMessage(call, grant)),
      };
    }),
  ];
}

function grantMessage({ instance: { world } }: Call, grant: UserGrant) {
  const user = userOf(world, grant.userId);
  const owner = world.organizations.get(grant.organizationId)!;
  return {
    id: grant.id,
    details: detailsOf(grant, grant.organizationId),
    roleKeys: grant.roles,
    state: grant.active ? UserGrantState.ACTIVE : UserGrantState.INACTIVE,
    userId: user.id,
    userName: user.userName,
    orgId: owner.id,
    orgName: owner.name,
    orgDomain: owner.primaryDomain,
    projectId: grant.projectId,
    projectName: world.projects.get(grant.projectId)?.name ?? "",
    projectGrantId: grant.projectGrantId ?? "",
    preferredLoginName: user.userName,
    userType: user.human ? Type.HUMAN : Type.MACHINE,
  };
}

function grantOf(world: World, id: string): UserGrant {
  const grant = world.userGrants.get(id);
  if (!grant) throw notFound("User grant not found", "COMMAND-1S9ds");
  return grant;
}
