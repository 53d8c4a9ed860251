import { ActionState } from "@zitadel/proto/zitadel/action_pb.js";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { OrgState } from "@zitadel/proto/zitadel/org_pb.js";
import { notFound } from "../api_error.ts";
import { type ApiMethod, apiMethod, type Call } from "../api_method.ts";
import { listOf, matchesText } from "../list.ts";
import { removeMetadata, setMetadata } from "../metadata.ts";
import { removeOrganization } from "../remove.ts";
import { touch } from "../dated.ts";
import type { MetadataEntry } from "../world.ts";
import { changedDetails, createdDetails, detailsOf } from "./details.ts";
import { memberList } from "./member_list.ts";
import { addOrganization } from "./organization.ts";

const { method } = ManagementService;

/**
 * Management v1's methods for the organization in `x-zitadel-orgid`, its
 * metadata and its members.
 */
export function managementOrganizationMethods(): ApiMethod[] {
  return [
    apiMethod(method.getMyOrg, (_, { organization }) => ({
      org: {
        id: organization.id,
        details: detailsOf(organization, organization.id),
        state: OrgState.ACTIVE,
        name: organization.name,
        primaryDomain: organization.primaryDomain,
      },
    })),
    apiMethod(method.addOrg, ({ name }, { instance }) => {
      const organization = addOrganization(instance.world, name);
      return {
        id: organization.id,
        details: createdDetails(organization, organization.id),
      };
    }),
    apiMethod(method.getFlow, ({ type }, { organization }) => ({
      flow: {
        type: { id: type },
        triggerActions: [{
          actions: (organization.actions?.[type] ?? []).map((
            { active, ...action },
            index,
          ) => ({
            ...action,
            id: `${type}${index}`,
            state: active ? ActionState.ACTIVE : ActionState.INACTIVE,
          })),
        }],
      },
    })),
    apiMethod(method.removeOrg, (_, { instance, organization }) => {
      removeOrganization(instance.world, organization.id);
      return { details: changedDetails(organization, organization.id) };
    }),
    apiMethod(method.listOrgMetadata, ({ query, queries }, call) => {
      const { organization } = call;
      const found = [...organization.metadata].filter(([key]) =>
        queries.every(({ query }) =>
          query.case !== "keyQuery" ||
          matchesText(key, query.value.key, query.value.method)
        )
      );
      const list = listOf(found, query);
      return {
        details: list.details,
        result: list.items.map(([key, entry]) =>
          metadataMessage(call, key, entry)
        ),
      };
    }),
    apiMethod(method.getOrgMetadata, ({ key }, call) => {
      const entry = call.organization.metadata.get(key);
      if (!entry) throw notFound("Metadata not found", "QUERY-Rfh31");
      return { metadata: metadataMessage(call, key, entry) };
    }),
    apiMethod(method.setOrgMetadata, ({ key, value }, call) => {
      setAll(call, [{ key, value }]);
      return {
        details: changedDetails(call.organization, call.organization.id),
      };
    }),
    apiMethod(method.bulkSetOrgMetadata, ({ metadata }, call) => {
      setAll(call, metadata);
      return {
        details: changedDetails(call.organization, call.organization.id),
      };
    }),
    apiMethod(method.removeOrgMetadata, ({ key }, call) => {
      remove(call, key);
      return {
        details: changedDetails(call.organization, call.organization.id),
      };
    }),
    apiMethod(method.bulkRemoveOrgMetadata, ({ keys }, call) => {
      if (!keys.every((key) => call.organization.metadata.has(key))) {
        throw notFound("One or more keys do not exist", "META-2npds");
      }
      for (const key of keys) remove(call, key);
      return {
        details: changedDetails(call.organization, call.organization.id),
      };
    }),
    apiMethod(method.listOrgMembers, ({ query, queries }, call) => {
      const { instance, organization } = call;
      return memberList(instance.world, {
        organizationId: organization.id,
        query,
        queries,
      });
    }),
    apiMethod(method.addOrgMember, ({ userId, roles }, call) => {
      const { instance, organization } = call;
      if (!instance.world.users.has(userId)) {
        throw notFound("User could not be found", "QUERY-Dfbg2");
      }
      instance.world.members.push({
        userId,
        organizationId: organization.id,
        roles: [...roles],
      });
      touch(organization);
      return { details: createdDetails(organization, organization.id) };
    }),
  ];
}

function setAll(
  { instance, organization, caller }: Call,
  entries: readonly { key: string; value: Uint8Array }[],
): void {
  for (const { key, value } of entries) {
    setMetadata(instance, organization, { key, value, userId: caller.id });
  }
}

function remove({ instance, organization, caller }: Call, key: string): void {
  const removed = removeMetadata(instance, organization, {
    key,
    userId: caller.id,
  });
  if (!removed) throw notFound("Metadata not found", "META-cfVHn");
}

function metadataMessage(
  { organization }: Call,
  key: string,
  entry: MetadataEntry,
) {
  return {
    details: detailsOf(entry, organization.id),
    key,
    value: entry.value,
  };
}
