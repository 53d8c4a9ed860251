import { OrganizationService } from "@zitadel/proto/zitadel/org/v2/org_service_pb";
import { OrganizationState } from "@zitadel/proto/zitadel/org/v2/org_pb";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb";
import { type Instance, to } from "./client.ts";
import { managementOf } from "./manage.ts";
import { listAll } from "./pages.ts";

export interface Organization {
  readonly id: string;
  readonly name: string;
  /** Only of a deactivated one: `false`. */
  readonly isActive?: false;
}

/**
 * Lists the organizations that the token's user may read. ZITADEL silently
 * leaves out the others, which makes this the test for `org.read`.
 */
export function listOrganizations(
  instance: Instance,
  options: { readonly id?: string } = {},
): Promise<Organization[]> {
  const organizations = instance.service(OrganizationService);
  const queries = options.id === undefined ? [] : [{
    query: { case: "idQuery" as const, value: { id: options.id } },
  }];
  return listAll(
    "list the organizations",
    (page) => organizations.listOrganizations({ ...page, queries }),
    ({ id, name, state }) => ({
      id,
      name,
      ...state === OrganizationState.INACTIVE && { isActive: false },
    }),
  );
}

/** Returns the organization that the token's user belongs to. */
export async function ownOrganization(
  instance: Instance,
): Promise<Organization> {
  const { org } = await instance.service(ManagementService)
    .getMyOrg({}, to("find the token's own organization"));
  return { id: org?.id ?? "", name: org?.name ?? "" };
}

export async function createOrganization(
  instance: Instance,
  name: string,
): Promise<Organization> {
  const { organizationId: id } = await instance.service(OrganizationService)
    .addOrganization({ name }, to(`create the organization "${name}"`));
  return { id, name };
}

/** Removes an organization with everything in it. */
export async function removeOrganization(
  instance: Instance,
  id: string,
): Promise<void> {
  await managementOf(instance, id).removeOrg({}, to("remove the organization"));
}
