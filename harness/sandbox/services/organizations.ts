import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { OrganizationService as OrganizationV2 } from "@zitadel/proto/zitadel/org/v2/org_service_pb.js";
import { OrganizationService as OrganizationV2beta } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb.js";
import { invalidArgument, notFound } from "../api_error.ts";
import { type Call, listOf, methodsOf, pageOf } from "../api_method.ts";
import { changeMetadata } from "../metadata.ts";
import { hasPermission } from "../permissions.ts";
import { addOrganization } from "../populate.ts";
import { removeAllOf } from "../world.ts";

/** The largest page of v2 and v2beta; management v1 has none. */
const MAX_LIMIT = 1000;

/** The methods for organizations and their metadata. */
export const organizationMethods = [
  ...methodsOf(OrganizationV2, {
    addOrganization: ({ name }, { world }) => ({
      organizationId: addOrganization(world, { name }).id,
    }),
    listOrganizations: ({ queries, query }, call) => {
      const { organizations } = call.world;
      const found = queries.length === 0
        ? organizations.values()
        : queries.flatMap(({ query: { case: kind, value } }) =>
          kind === "idQuery" ? organizations.get(value.id) ?? [] : []
        );
      const { total, page } = pageOf(found, query);
      // The count ignores rights, as ZITADEL's does.
      return {
        details: total,
        result: page.filter(({ id }) => mayRead(call, id)),
      };
    },
  }),
  ...methodsOf(OrganizationV2beta, {
    listOrganizationMetadata: ({ organizationId, pagination }, call) => {
      if ((pagination?.limit ?? 0) > MAX_LIMIT) {
        throw invalidArgument("Limit exceeded", "QUERY-4M0fs");
      }
      const organization = call.world.organizations.get(organizationId);
      const { total, page } = pageOf(
        organization && mayRead(call, organizationId)
          ? organization.metadata
          : [],
        pagination,
      );
      return {
        pagination: total,
        metadata: page.map(([key, { value }]) => ({ key, value })),
      };
    },
  }),
  ...methodsOf(ManagementService, {
    listOrgMetadata: ({ query }, { organization: { id, metadata } }) =>
      listOf(metadata, query, ([key, { value }]) => (
        { key, value, details: { resourceOwner: id } }
      )),
    getMyOrg: (_, { organization: { id, name } }) => ({ org: { id, name } }),
    removeOrg: (_, { world, organization }) => {
      world.organizations.delete(organization.id);
      removeAllOf(world, "organizationId", organization.id);
      return {};
    },
    bulkSetOrgMetadata: ({ metadata }, { instance, caller, organization }) => {
      for (const { key, value } of metadata) {
        changeMetadata(instance, organization, [key, value], caller.id);
      }
      return { details: { sequence: BigInt(organization.sequence) } };
    },
    bulkRemoveOrgMetadata: ({ keys }, { instance, caller, organization }) => {
      if (!keys.every((key) => organization.metadata.has(key))) {
        throw notFound("One or more keys do not exist", "META-2npds");
      }
      for (const key of keys) {
        changeMetadata(instance, organization, [key, undefined], caller.id);
      }
      return {};
    },
    getFlow: ({ type }, { organization }) => {
      const actions = organization.actions?.[type] ?? [];
      return {
        flow: {
          triggerActions: [{
            actions: actions.map(({ active, ...action }, index) => ({
              ...action,
              id: `${type}${index}`,
              state: active ? 2 : 1,
            })),
          }],
        },
      };
    },
  }),
];

function mayRead({ world, caller }: Call, organizationId: string): boolean {
  return hasPermission(world, caller, "org.read", organizationId);
}
