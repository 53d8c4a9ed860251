/**
 * Users' grants on the whole instance, by management v1: the same on every
 * release since v3.
 *
 * @module
 */
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { Type, type UserGrant } from "@zitadel/proto/zitadel/user_pb";
import type { UserGrant as SentGrant } from "../../lib/request/payload.ts";
import type { Instance } from "./client.ts";
import { PAGE_SIZE } from "./pages.ts";
import { requireRights } from "./rights.ts";
import { attempt } from "./zitadel_error.ts";

/** A grant as ZITADEL sends it, also an inactive one, and whose it is. */
export interface ListedGrant extends SentGrant {
  readonly id: string;
  readonly user_id: string;
  readonly login_name: string;
  readonly user_resource_owner: string;
  readonly is_machine: boolean;
  readonly project_name: string;
  /** The name of the organization that gave the grant. */
  readonly org_name: string;
  /** By which the project was granted to that organization; empty if it owns the project. */
  readonly grant_id: string;
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
  const ofUser = {
    case: "userIdQuery" as const,
    value: { userId: user ?? "" },
  };
  // Also those of other organizations than the token's own.
  const ofAll = {
    case: "withGrantedQuery" as const,
    value: { withGranted: true },
  };
  const queries = user === undefined
    ? [{ query: ofAll }]
    : [{ query: ofAll }, { query: ofUser }];
  const seen = new Set<string>();
  for (let reading = 0; reading < MAX_READINGS; reading++) {
    let total = 0;
    let offset = 0;
    do {
      const query = { offset: BigInt(offset), limit: PAGE_SIZE, asc: true };
      const { result, details } = await attempt(
        "list the users' grants",
        () => management.listUserGrants({ query, queries }),
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
    user_id: grant.userId,
    login_name: grant.preferredLoginName,
    user_resource_owner: grant.grantedOrgId,
    is_machine: grant.userType === Type.MACHINE,
    project_id: grant.projectId,
    project_name: grant.projectName,
    resource_owner: grant.orgId,
    org_name: grant.orgName,
    grant_id: grant.projectGrantId,
    roles: grant.roleKeys,
    state: grant.state,
  };
}

/** Reports whether a grant's project asserts its roles without being asked. */
export async function assertsRoles(
  instance: Instance,
  { project_id: id, grant_id: grantId, resource_owner }: ListedGrant,
): Promise<boolean> {
  const management = (organization: string) =>
    instance.service(ManagementService, { organization });
  const { project } = await attempt(`read the project ${id}`, async () => {
    const granted = grantId === ""
      ? undefined
      : await management(resource_owner)
        .getGrantedProjectByID({ projectId: id, grantId });
    const owner = granted?.grantedProject?.projectOwnerId ?? resource_owner;
    return await management(owner).getProjectByID({ id });
  });
  return project?.projectRoleAssertion ?? false;
}
