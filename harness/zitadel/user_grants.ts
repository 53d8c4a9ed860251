/**
 * Users' grants on the whole instance, by management v1: the same on every
 * release since v3.
 *
 * @module
 */
import { Type, type UserGrant } from "@zitadel/proto/zitadel/user_pb";
import type { UserGrant as SentGrant } from "../../lib/request/payload.ts";
import { type Instance, to } from "./client.ts";
import { managementOf } from "./manage.ts";
import { listOrganizations } from "./organization.ts";
import { PAGE_SIZE } from "./pages.ts";
import { requireRights } from "./rights.ts";

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

/** How often a list is read before it counts as one that keeps changing. */
const MAX_READINGS = 3;

/** How many organizations are asked at once. */
const AT_ONCE = 8;

/**
 * Lists grants, each once, of all users or of one, some organizations at a time.
 * ZITADEL lists them by the organization that gave them, so every organization is
 * asked.
 *
 * @throws {Error} If the token's user does not see the whole instance, since
 * ZITADEL silently leaves out the rest.
 */
export async function* listUserGrants(
  instance: Instance,
  user?: string,
): AsyncGenerator<readonly ListedGrant[]> {
  await requireRights(instance, [{
    right: "iam.read",
    step: "see the grants of all organizations",
    role: "IAM_OWNER_VIEWER",
  }]);
  const organizations = await listOrganizations(instance);
  for (let i = 0; i < organizations.length; i += AT_ONCE) {
    const some = organizations.slice(i, i + AT_ONCE);
    const lists = some.map(({ id }) => listGrantsOf(instance, id, user));
    yield (await Promise.all(lists)).flat();
  }
}

/** ZITADEL promises no order: what moves between pages is found by the total. */
async function listGrantsOf(
  instance: Instance,
  organization: string,
  user: string | undefined,
): Promise<ListedGrant[]> {
  const management = managementOf(instance, organization);
  const listing = to("list the users' grants");
  const queries = user === undefined ? [] : [{
    query: { case: "userIdQuery" as const, value: { userId: user } },
  }];
  const found = new Map<string, ListedGrant>();
  for (let reading = 0; reading < MAX_READINGS; reading++) {
    let total = 0;
    let offset = 0;
    do {
      const query = { offset: BigInt(offset), limit: PAGE_SIZE, asc: true };
      const { result, details } = await management
        .listUserGrants({ query, queries }, listing);
      for (const grant of result) found.set(grant.id, fromWire(grant));
      total = Number(details?.totalResult ?? 0);
      offset = result.length === 0 ? total : offset + result.length;
    } while (offset < total);
    if (found.size >= total) return [...found.values()];
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
  const reading = to(`read the project ${id}`);
  const granted = grantId === ""
    ? undefined
    : await managementOf(instance, resource_owner)
      .getGrantedProjectByID({ projectId: id, grantId }, reading);
  const owner = granted?.grantedProject?.projectOwnerId ?? resource_owner;
  const { project } = await managementOf(instance, owner)
    .getProjectByID({ id }, reading);
  return project?.projectRoleAssertion ?? false;
}
