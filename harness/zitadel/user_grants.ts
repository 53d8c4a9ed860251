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
import { listOrganizations, type Organization } from "./organization.ts";
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
 * Lists grants page by page, each once, of all users or of one. ZITADEL lists
 * them by the organization that gave them, so every organization is asked.
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
  const queries = user === undefined ? [] : [{
    query: { case: "userIdQuery" as const, value: { userId: user } },
  }];
  const readersOf = ({ id: organization }: Organization) => {
    const management = managementOf(instance, organization);
    return async (offset: number): Promise<Page> => {
      const query = { offset: BigInt(offset), limit: PAGE_SIZE, asc: true };
      const { result, details } = await management
        .listUserGrants({ query, queries }, to("list the users' grants"));
      const total = Number(details?.totalResult ?? 0);
      return { entries: result.map(fromWire), total };
    };
  };
  const readers = (await listOrganizations(instance)).map(readersOf);
  for (let i = 0; i < readers.length; i += AT_ONCE) {
    const some = readers.slice(i, i + AT_ONCE);
    const firstPages = await Promise.all(some.map((read) => read(0)));
    for (const [index, read] of some.entries()) {
      yield* readAll(read, firstPages[index]!);
    }
  }
}

interface Page {
  readonly entries: readonly ListedGrant[];
  /** The number of entries on all pages. */
  readonly total: number;
}

/** ZITADEL promises no order: what moves between pages is found by the total. */
async function* readAll(
  read: (offset: number) => Promise<Page>,
  first: Page,
): AsyncGenerator<readonly ListedGrant[]> {
  const seen = new Set<string>();
  let page = first;
  for (let reading = 0; reading < MAX_READINGS; reading++) {
    for (let offset = 0; page.entries.length > 0;) {
      yield page.entries.filter(({ id }) => !seen.has(id));
      for (const { id } of page.entries) seen.add(id);
      offset += page.entries.length;
      if (offset >= page.total) break;
      page = await read(offset);
    }
    if (seen.size >= page.total) return;
    page = await read(0);
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
