import { Code } from "@connectrpc/connect";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  ListOrganizationMetadataRequestSchema,
  OrganizationService as OrganizationV2beta,
} from "@zitadel/proto/zitadel/org/v2beta/org_service_pb.js";
import { OrganizationService as OrganizationV2 } from "@zitadel/proto/zitadel/org/v2/org_service_pb.js";
import { OrganizationState } from "@zitadel/proto/zitadel/org/v2/org_pb.js";
import type { MessageShape } from "@bufbuild/protobuf";
import {
  alreadyExists,
  apiError,
  noPermission,
  notFound,
} from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call } from "../api_method.ts";
import { deriveV2, renameField } from "../derive_v2.ts";
import { newIdentifier } from "../identifier.ts";
import { matchesText, pageOf } from "../list.ts";
import { removeMetadata, setMetadata } from "../metadata.ts";
import { hasPermission, isMember } from "../permissions.ts";
import { primaryDomain } from "../populate.ts";
import { removeOrganization } from "../remove.ts";
import { dated } from "../dated.ts";
import type { Organization, World } from "../world.ts";

/**
 * The published v2 descriptor has no metadata yet. v2beta's has, under other
 * JSON names.
 */
const MetadataV2 = deriveV2(OrganizationV2beta, (file) => {
  renameField(file, "ListOrganizationMetadataRequest", ["filter", "filters"]);
  renameField(file, "MetadataQuery", ["key_query", "key_filter"]);
  for (const { value } of file.enumType) {
    for (const entry of value) {
      entry.name = entry.name.replace("TEXT_QUERY_", "TEXT_FILTER_");
    }
  }
});

/**
 * The organization services: v2 as in every release, v2beta, and v2 metadata of
 * newer releases.
 */
export function organizationMethods(): ApiMethod[] {
  return [
    apiMethod(OrganizationV2.method.listOrganizations, listOrganizations),
    apiMethod(OrganizationV2.method.addOrganization, ({ name }, call) => {
      const organization = addOrganization(call.instance.world, name);
      return {
        details: {
          sequence: BigInt(organization.sequence),
          changeDate: timestampFromDate(organization.changed),
          resourceOwner: organization.id,
        },
        organizationId: organization.id,
      };
    }),
    apiMethod(
      OrganizationV2beta.method.createOrganization,
      ({ name, id }, { instance }) => {
        const organization = addOrganization(instance.world, name, id);
        return {
          creationDate: timestampFromDate(organization.created),
          id: organization.id,
        };
      },
    ),
    ...[OrganizationV2beta, MetadataV2].map((service) =>
      apiMethod(service.method.deleteOrganization, ({ id }, { instance }) => {
        if (!instance.world.organizations.has(id)) {
          throw notFound("Organisation not found", "ORG-8nfSr");
        }
        removeOrganization(instance.world, id);
        return { deletionDate: timestampFromDate(new Date()) };
      }, {
        releases: service === MetadataV2 ? ["current"] : ["4.6", "current"],
      })
    ),
    ...metadataMethods(OrganizationV2beta, ["4.6", "current"]),
    ...metadataMethods(MetadataV2, ["current"]),
  ];
}

function metadataMethods(
  service: typeof OrganizationV2beta,
  releases: ApiMethod["releases"] & object,
): ApiMethod[] {
  const options = { releases, anyCaller: true };
  return [
    apiMethod(service.method.listOrganizationMetadata, listMetadata, options),
    apiMethod(
      service.method.setOrganizationMetadata,
      ({ organizationId, metadata }, call) => {
        const organization = writable(call, organizationId);
        for (const { key, value } of metadata) {
          setMetadata(call.instance, organization, {
            key,
            value,
            userId: call.caller.id,
          });
        }
        return { setDate: timestampFromDate(new Date()) };
      },
      options,
    ),
    apiMethod(
      service.method.deleteOrganizationMetadata,
      ({ organizationId, keys }, call) => {
        const organization = writable(call, organizationId);
        if (!keys.every((key) => organization.metadata.has(key))) {
          throw notFound("One or more keys do not exist", "META-2npds");
        }
        for (const key of keys) {
          removeMetadata(call.instance, organization, {
            key,
            userId: call.caller.id,
          });
        }
        return { deletionDate: timestampFromDate(new Date()) };
      },
      options,
    ),
  ];
}

function listOrganizations(
  { queries, query }: MessageShape<
    typeof OrganizationV2.method.listOrganizations.input
  >,
  { instance, caller }: Call,
) {
  const { world } = instance;
  const found = [...world.organizations.values()].filter((organization) =>
    queries.every(({ query }) => {
      switch (query.case) {
        case "idQuery":
          return organization.id === query.value.id;
        case "nameQuery":
          return matchesText(
            organization.name,
            query.value.name,
            query.value.method,
          );
        case "domainQuery":
          return matchesText(
            organization.primaryDomain,
            query.value.domain,
            query.value.method,
          );
        default:
          return true;
      }
    })
  );
  const { items } = pageOf(found, query);
  return {
    details: {
      // The count ignores rights, as ZITADEL's does.
      totalResult: BigInt(found.length),
      timestamp: timestampFromDate(new Date()),
    },
    result: items
      .filter(({ id }) =>
        hasPermission(world, caller, {
          permission: "org.read",
          organizationId: id,
        })
      )
      .map((organization) => ({
        id: organization.id,
        details: {
          sequence: BigInt(organization.sequence),
          changeDate: timestampFromDate(organization.changed),
          resourceOwner: organization.id,
          creationDate: timestampFromDate(organization.created),
        },
        state: OrganizationState.ACTIVE,
        name: organization.name,
        primaryDomain: organization.primaryDomain,
      })),
  };
}

function listMetadata(
  { organizationId, pagination, filter, ...rest }: MessageShape<
    typeof ListOrganizationMetadataRequestSchema
  >,
  { instance, caller }: Call,
) {
  // v2 uses another name, which the derived descriptor's type does not show.
  const filters = (rest as { filters?: typeof filter }).filters ?? filter;
  const queries = filters.map(({ query }) =>
    query.value as { key: string; method: number }
  );
  const organization = hasPermission(instance.world, caller, {
      permission: "org.read",
      organizationId,
    })
    ? instance.world.organizations.get(organizationId)
    : undefined;
  const entries = [...organization?.metadata ?? []].filter(([key]) =>
    queries.every((query) => matchesText(key, query.key, query.method))
  );
  const page = pageOf(entries, pagination, { reportsDefault: false });
  return {
    pagination: page.pagination,
    metadata: page.items.map(([key, entry]) => ({
      creationDate: timestampFromDate(entry.created),
      changeDate: timestampFromDate(entry.changed),
      key,
      value: entry.value,
    })),
  };
}

function writable(
  { instance: { world }, caller }: Call,
  organizationId: string,
): Organization {
  if (!isMember(world, caller, organizationId)) {
    throw notFound("membership not found", "AUTHZ-cdgFk");
  }
  const permission = "org.write";
  if (!hasPermission(world, caller, { permission, organizationId })) {
    throw noPermission("AUTH-AWfge");
  }
  const organization = world.organizations.get(organizationId);
  if (!organization) {
    throw apiError(Code.FailedPrecondition, "Organisation not found", {
      id: "COMMAND-QXPGs",
    });
  }
  return organization;
}

export function addOrganization(
  world: World,
  name: string,
  id?: string,
): Organization {
  for (const other of world.organizations.values()) {
    if (other.name === name || other.id === id) {
      throw alreadyExists("Organisation's name or id already taken");
    }
  }
  const organization: Organization = {
    ...dated(4),
    id: id || newIdentifier(),
    name,
    primaryDomain: primaryDomain(name),
    metadata: new Map(),
  };
  world.organizations.set(organization.id, organization);
  return organization;
}
