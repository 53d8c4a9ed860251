import { Code } from "@connectrpc/connect";
import { ManagementService } from "@zitadel/proto/zitadel/management_pb.js";
import { OrganizationService as OrganizationV2 } from "@zitadel/proto/zitadel/org/v2/org_service_pb.js";
import { OrganizationService as OrganizationV2beta } from "@zitadel/proto/zitadel/org/v2beta/org_service_pb.js";
import { alreadyExists, apiError, notFound } from "../api_error.ts";
import {
  type ApiMethod,
  apiMethod,
  type Call,
  countOf,
  listOf,
  pageOf,
} from "../api_method.ts";
import { requirePermission } from "../authorize.ts";
import { newIdentifier } from "../identifier.ts";
import { type NewEntry, removeMetadata, setMetadata } from "../metadata.ts";
import { hasPermission } from "../permissions.ts";
import { dated, type Organization, type World } from "../world.ts";

/** The largest page of v2 and v2beta; management v1 has none. */
const MAX_LIMIT = 1000;

const v2 = OrganizationV2.method;
const v2beta = OrganizationV2beta.method;
const v1 = ManagementService.method;
const anyCaller = { anyCaller: true };

/** The methods that read organizations and their metadata. */
export const organizationReaders: readonly ApiMethod[] = [
  apiMethod(v2.listOrganizations, ({ queries, query }, call) => {
    const { organizations } = call.instance.world;
    const ids = queries.flatMap(({ query }) =>
      query.case === "idQuery" ? [query.value.id] : []
    );
    const found = queries.length > 0
      ? ids.flatMap((id) => organizations.get(id) ?? [])
      : [...organizations.values()];
    return {
      // The count ignores rights, as ZITADEL's does.
      details: countOf(found),
      result: pageOf(found, query).filter(({ id }) => mayRead(call, id)),
    };
  }),
  apiMethod(v2beta.listOrganizationMetadata, (request, call) => {
    const { organizationId, pagination } = request;
    if ((pagination?.limit ?? 0) > MAX_LIMIT) {
      throw apiError(Code.InvalidArgument, "Limit exceeded", "QUERY-4M0fs");
    }
    const organization = call.instance.world.organizations.get(organizationId);
    const entries = organization && mayRead(call, organizationId)
      ? [...organization.metadata]
      : [];
    return {
      pagination: countOf(entries),
      metadata: pageOf(entries, pagination)
        .map(([key, { value }]) => ({ key, value })),
    };
  }, anyCaller),
  apiMethod(v1.listOrgMetadata, ({ query }, { organization }) => {
    const entries = [...organization.metadata];
    const details = { resourceOwner: organization.id };
    return listOf(
      entries,
      query,
      ([key, { value }]) => ({ key, value, details }),
    );
  }),
  apiMethod(v1.getMyOrg, (_, { organization: { id, name } }) => ({
    org: { id, name },
  })),
];

/** The methods that change organizations and their metadata. */
export const organizationWriters: readonly ApiMethod[] = [
  apiMethod(v2.addOrganization, ({ name }, { instance }) => {
    const { id } = addOrganization(instance.world, { name });
    return { organizationId: id };
  }),
  apiMethod(v1.removeOrg, (_, { instance, organization }) => {
    removeOrganization(instance.world, organization.id);
    return {};
  }),
  apiMethod(
    v2beta.setOrganizationMetadata,
    ({ organizationId, metadata }, call) => {
      setAll(call, writable(call, organizationId), metadata);
      return {};
    },
    anyCaller,
  ),
  apiMethod(
    v2beta.deleteOrganizationMetadata,
    ({ organizationId, keys }, call) => {
      removeAll(call, writable(call, organizationId), keys);
      return {};
    },
    anyCaller,
  ),
  apiMethod(v1.bulkSetOrgMetadata, ({ metadata }, call) => {
    setAll(call, call.organization, metadata);
    return { details: { sequence: BigInt(call.organization.sequence) } };
  }),
  apiMethod(v1.bulkRemoveOrgMetadata, ({ keys }, call) => {
    removeAll(call, call.organization, keys);
    return {};
  }),
  apiMethod(v1.getFlow, ({ type }, { organization }) => ({
    flow: {
      triggerActions: [{
        actions: (organization.actions?.[type] ?? []).map((
          { active, ...action },
          index,
        ) => ({ ...action, id: `${type}${index}`, state: active ? 2 : 1 })),
      }],
    },
  })),
];

function mayRead({ instance, caller }: Call, organizationId: string): boolean {
  return hasPermission(instance.world, caller, "org.read", organizationId);
}

function writable(call: Call, id: string): Organization {
  requirePermission(call, "org.write", id, "AUTH-AWfge");
  const organization = call.instance.world.organizations.get(id);
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
  entries: readonly NewEntry[],
): void {
  for (const entry of entries) {
    setMetadata(instance, organization, entry, caller.id);
  }
}

function removeAll(
  { instance, caller }: Call,
  organization: Organization,
  keys: readonly string[],
): void {
  if (!keys.every((key) => organization.metadata.has(key))) {
    throw notFound("One or more keys do not exist", "META-2npds");
  }
  for (const key of keys) {
    removeMetadata(instance, organization, key, caller.id);
  }
}

/** Adds an organization, whose name and id must be unused. */
export function addOrganization(
  world: World,
  { name, id = newIdentifier() }: { name: string; id?: string | undefined },
): Organization {
  if (
    world.organizations.values().some((it) => it.name === name || it.id === id)
  ) {
    throw alreadyExists("Organisation's name or id already taken");
  }
  const label = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const organization: Organization = {
    ...dated(4),
    id,
    name,
    primaryDomain: `${label}.localhost`,
    metadata: new Map(),
  };
  world.organizations.set(id, organization);
  return organization;
}

/** Removes an organization and everything that belongs to it. */
function removeOrganization(world: World, id: string): void {
  world.organizations.delete(id);
  for (const project of world.projects.values()) {
    if (project.organizationId !== id) continue;
    world.projects.delete(project.id);
    const isOfIt = ({ projectId }: { projectId: string }) =>
      projectId === project.id;
    removeOf(world.apps, isOfIt);
    removeOf(world.projectGrants, isOfIt);
    removeOf(world.userGrants, isOfIt);
  }
  for (const user of world.users.values()) {
    if (user.organizationId === id) removeUser(world, user.id);
  }
  removeMembers(world, ({ organizationId }) => organizationId === id);
}

/** Removes a user with its roles, grants and tokens. */
export function removeUser(world: World, id: string): void {
  world.users.delete(id);
  removeMembers(world, ({ userId }) => userId === id);
  removeOf(world.userGrants, ({ userId }) => userId === id);
  removeOf(world.accessTokens, ({ userId }) => userId === id);
}

function removeMembers(
  world: World,
  matches: (member: World["members"][number]) => boolean,
): void {
  world.members = world.members.filter((member) => !matches(member));
}

function removeOf<Value>(
  map: Map<string, Value>,
  matches: (value: Value) => boolean,
): void {
  for (const [key, value] of map) if (matches(value)) map.delete(key);
}
