import { Code } from "@connectrpc/connect";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { OrganizationService as OrganizationV2 } from "@zitadel/proto/zitadel/org/v2/org_service_pb.js";
import { OrganizationService as OrganizationV2beta } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb.js";
import { apiError, notFound } from "../api_error.ts";
import { type Call, listOf, methodsOf, pageOf } from "../api_method.ts";
import { requirePermission } from "../authorize.ts";
import { removeMetadata, setMetadata } from "../metadata.ts";
import { hasPermission } from "../permissions.ts";
import { addOrganization } from "../populate.ts";
import { type Organization, removeAllOf } from "../world.ts";

/** The largest page of v2 and v2beta; management v1 has none. */
const MAX_LIMIT = 1000;

/** The methods that read organizations and their metadata. */
export const organizationReaders = [
  ...methodsOf(OrganizationV2, {
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
        throw apiError(Code.InvalidArgument, "Limit exceeded", "QUERY-4M0fs");
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
  }),
];

/** The methods that change organizations and their metadata. */
export const organizationWriters = [
  ...methodsOf(OrganizationV2, {
    addOrganization: ({ name }, { world }) => ({
      organizationId: addOrganization(world, { name }).id,
    }),
  }),
  ...methodsOf(OrganizationV2beta, {
    setOrganizationMetadata: ({ organizationId, metadata }, call) =>
      setAll(call, writable(call, organizationId), metadata),
    deleteOrganizationMetadata: ({ organizationId, keys }, call) =>
      removeAll(call, writable(call, organizationId), keys),
  }),
  ...methodsOf(ManagementService, {
    removeOrg: (_, { world, organization }) => {
      world.organizations.delete(organization.id);
      removeAllOf(world, "organizationId", organization.id);
      return {};
    },
    bulkSetOrgMetadata: ({ metadata }, call) => {
      setAll(call, call.organization, metadata);
      return { details: { sequence: BigInt(call.organization.sequence) } };
    },
    bulkRemoveOrgMetadata: ({ keys }, call) =>
      removeAll(call, call.organization, keys),
    getFlow: ({ type }, { organization }) => {
      const actions = organization.actions?.[type] ?? [];
      return {
        flow: {
          triggerActions: [{
            actions: actions.map(({ active, ...action }, index) => ({
              ...action,
              ...{ id: `${type}${index}`, state: active ? 2 : 1 },
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

function writable(call: Call, id: string): Organization {
  requirePermission(call, "org.write", id, "AUTH-AWfge");
  const organization = call.world.organizations.get(id);
  if (organization) return organization;
  throw apiError(
    Code.FailedPrecondition,
    "Organisation not found",
    "COMMAND-QXPGs",
  );
}

function setAll(
  { instance, caller }: Call,
  organization: Organization,
  entries: readonly { key: string; value: Uint8Array }[],
) {
  for (const { key, value } of entries) {
    setMetadata(instance, organization, key, value, caller.id);
  }
  return {};
}

function removeAll(
  { instance, caller }: Call,
  organization: Organization,
  keys: readonly string[],
) {
  if (!keys.every((key) => organization.metadata.has(key))) {
    throw notFound("One or more keys do not exist", "META-2npds");
  }
  for (const key of keys) {
    removeMetadata(instance, organization, key, caller.id);
  }
  return {};
}
