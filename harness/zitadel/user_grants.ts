/**
 * Users' grants on the whole instance, by management v1: the same on every
 * release since v3.
 *
 * @module
 */
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import {
  Type,
  type UserGrant,
  UserGrantState,
} from "@zitadel/proto/zitadel/user_pb";
import type { Instance } from "./client.ts";
import type { Organization } from "./organization.ts";
import { PAGE_SIZE } from "./pages.ts";
import { requireRights } from "./rights.ts";
import { attempt } from "./zitadel_error.ts";

/** Roles of one project, given to a user by an organization. */
export interface ListedGrant {
  readonly id: string;
  readonly user: {
    readonly id: string;
    readonly loginName: string;
    readonly organization: string;
    readonly isMachine: boolean;
  };
  readonly project: { readonly id: string; readonly name: string };
  /** By which the project was granted to the granting organization; empty if it owns the project. */
  readonly projectGrant: string;
  readonly grantedBy: Organization;
  readonly roles: readonly string[];
  readonly isActive: boolean;
}

/** How often the list is read before it counts as one that keeps changing. */
const MAX_READINGS = 3;

/**
 * Lists grants page by page, each once, of all organizations or of one user.
 * ZITADEL promises no order: what moves between pages is found by the total.
 *
 * @throws {Error} If the token's user does not see the whole instance, since
 * ZITADEL silently leaves out the rest.
 */
export async function* listUserGrants(
  instance: Instance,
  user?: string,
): AsyncGenerator<
  { readonly grants: readonly ListedGrant[]; readonly total: number }
> {
  await requireRights(instance, [{
    right: "iam.read",
    step: "see the grants of all organizations",
    role: "IAM_OWNER_VIEWER",
  }]);
  const management = instance.service(ManagementService);
  const queries = [
    // Also those of other organizations than the token's own.
    {
      query: {
        case: "withGrantedQuery" as const,
        value: { withGranted: true },
      },
    },
    ...user === undefined ? [] : [{
      query: { case: "userIdQuery" as const, value: { userId: user } },
    }],
  ];
  const seen = new Set<string>();
  for (let reading = 0; reading < MAX_READINGS; reading++) {
    let total = 0;
    let offset = 0;
    do {
      const { result, details } = await attempt(
        "list the users' grants",
        () =>
          management.listUserGrants({
            query: { offset: BigInt(offset), limit: PAGE_SIZE, asc: true },
            queries,
          }),
      );
      if (result.length === 0) break;
      offset += result.length;
      total = Number(details?.totalResult ?? 0);
      const unseen = result.filter(({ id }) => !seen.has(id));
      for (const { id } of unseen) seen.add(id);
      yield { grants: unseen.map(fromWire), total };
    } while (offset < total);
    if (seen.size >= total) return;
  }
  throw new Error(
    "Cannot list the users' grants: the list keeps changing. Try again when no grants are being written",
  );
}

function fromWire(grant: UserGrant): ListedGrant {
  return {
    id: grant.id,
    user: {
      id: grant.userId,
      loginName: grant.preferredLoginName,
      organization: grant.grantedOrgId,
      isMachine: grant.userType === Type.MACHINE,
    },
    project: { id: grant.projectId, name: grant.projectName },
    projectGrant: grant.projectGrantId,
    grantedBy: { id: grant.orgId, name: grant.orgName },
    roles: grant.roleKeys,
    isActive: grant.state === UserGrantState.ACTIVE,
  };
}

/** Reports whether a grant's project asserts its roles without being asked. */
export async function assertsRoles(
  instance: Instance,
  { project, projectGrant, grantedBy }: ListedGrant,
): Promise<boolean> {
  const management = (organization: string) =>
    instance.service(ManagementService, { organization });
  return await attempt(`read the project ${project.id}`, async () => {
    let owner = grantedBy.id;
    if (projectGrant !== "") {
      const granted = await management(owner).getGrantedProjectByID({
        projectId: project.id,
        grantId: projectGrant,
      });
      owner = granted.grantedProject?.projectOwnerId ?? owner;
    }
    const { project: found } = await management(owner).getProjectByID({
      id: project.id,
    });
    return found?.projectRoleAssertion ?? false;
  });
}
