import type { Instance } from "./instance.ts";
import { type RoleRequest } from "./scopes.ts";
import { assertedGrants, type Claims } from "./user_claims.ts";
import type { MetadataEntry, User, UserGrant, World } from "./world.ts";

/** Go's zero time: ZITADEL's value for what has not happened. */
const NEVER = "0001-01-01T00:00:00Z";
const GRANT_ACTIVE = 1;
const USER_ACTIVE = 1;

/** The functions that executions can extend. */
export const FUNCTIONS: readonly string[] = [
  "preuserinfo",
  "preaccesstoken",
  "presamlresponse",
];

export interface FunctionCallOptions {
  readonly user: User;
  /** The application that asks; empty for a personal access token. */
  readonly clientId: string;
  readonly request: RoleRequest;
  readonly userinfo: Claims;
}

/**
 * Creates the payload for a function's targets, with ZITADEL's keys in
 * ZITADEL's order.
 */
export function functionPayload(
  { world }: Instance,
  name: string,
  { user, clientId, request, userinfo }: FunctionCallOptions,
): Record<string, unknown> {
  const organization = world.organizations.get(user.organizationId);
  const grants = assertedGrants(world, user, request);
  return {
    function: `function/${name}`,
    userinfo,
    user: userPayload(user),
    ...(user.metadata.size > 0 && {
      user_metadata: [...user.metadata].map(([key, entry]) =>
        metadataPayload(user, key, entry)
      ),
    }),
    ...(organization && {
      org: {
        id: organization.id,
        name: organization.name,
        primary_domain: organization.primaryDomain,
      },
    }),
    ...(grants.length > 0 && {
      user_grants: grants.map((grant) => grantPayload(world, user, grant)),
    }),
    application: clientId === "" ? {} : { client_id: clientId },
  };
}

function userPayload(user: User) {
  return {
    id: user.id,
    creation_date: user.created.toISOString(),
    change_date: user.changed.toISOString(),
    resource_owner: user.organizationId,
    sequence: user.sequence,
    state: USER_ACTIVE,
    username: user.userName,
    preferred_login_name: user.userName,
    ...(user.human && {
      human: {
        first_name: user.human.firstName,
        last_name: user.human.lastName,
        display_name: `${user.human.firstName} ${user.human.lastName}`,
        preferred_language: "und",
        email: user.human.email,
        is_email_verified: true,
        password_changed: NEVER,
        mfa_init_skipped: NEVER,
      },
    }),
    ...(user.machine && { machine: { name: user.machine.name } }),
  };
}

function metadataPayload(user: User, key: string, entry: MetadataEntry) {
  return {
    creation_date: entry.created.toISOString(),
    change_date: entry.changed.toISOString(),
    resource_owner: user.organizationId,
    sequence: entry.sequence,
    key,
    value: entry.value.toBase64(),
  };
}

function grantPayload(world: World, user: User, grant: UserGrant) {
  const owner = world.organizations.get(grant.organizationId);
  const project = world.projects.get(grant.projectId);
  return {
    id: grant.id,
    creation_date: grant.created.toISOString(),
    change_date: grant.changed.toISOString(),
    sequence: grant.sequence,
    ...(grant.roles.length > 0 && { roles: grant.roles }),
    ...(grant.projectGrantId !== undefined && {
      grant_id: grant.projectGrantId,
    }),
    state: GRANT_ACTIVE,
    user_id: user.id,
    user_resource_owner: user.organizationId,
    resource_owner: grant.organizationId,
    org_name: owner?.name,
    org_primary_domain: owner?.primaryDomain,
    project_id: grant.projectId,
    project_name: project?.name,
  };
}
