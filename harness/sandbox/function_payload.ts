import type { Dated, User, UserGrant, World } from "./world.ts";

/** The claims of a token, or of userinfo. */
export type Claims = Record<string, unknown>;

/** Go's zero time: ZITADEL's value for what has not happened. */
const NEVER = "0001-01-01T00:00:00Z";
/** The state of users and grants. */
const ACTIVE = 1;

/** The functions that executions can extend. */
export const FUNCTIONS: readonly string[] = [
  "preuserinfo",
  "preaccesstoken",
  "presamlresponse",
];

/**
 * Creates the payload for a function's targets, with ZITADEL's keys in
 * ZITADEL's order. `JSON.stringify()` leaves out what is `undefined`.
 */
export function functionPayload(
  world: World,
  name: `function/${string}`,
  { user, clientId, grants, userinfo }: {
    readonly user: User;
    /** The application that asks; empty for a personal access token. */
    readonly clientId: string;
    readonly grants: readonly UserGrant[];
    readonly userinfo: Claims;
  },
): Record<string, unknown> {
  const { id, metadata, organizationId, userName } = user;
  const organization = world.organizations.get(organizationId);
  return {
    function: name,
    userinfo,
    user: {
      id,
      ...dates(user),
      resource_owner: organizationId,
      sequence: user.sequence,
      state: ACTIVE,
      username: userName,
      preferred_login_name: userName,
      human: user.isMachine ? undefined : {
        first_name: user.firstName,
        last_name: user.lastName,
        display_name: user.name,
        preferred_language: "und",
        email: user.email,
        is_email_verified: true,
        password_changed: NEVER,
        mfa_init_skipped: NEVER,
      },
      machine: user.isMachine ? { name: user.name } : undefined,
    },
    user_metadata: metadata.size === 0
      ? undefined
      : Array.from(metadata, ([key, entry]) => ({
        ...dates(entry),
        resource_owner: organizationId,
        sequence: entry.sequence,
        key,
        value: entry.value.toBase64(),
      })),
    org: organization && {
      id: organization.id,
      name: organization.name,
      primary_domain: organization.primaryDomain,
    },
    user_grants: grants.length === 0
      ? undefined
      : grants.map((grant) => grantPayload(world, user, grant)),
    application: clientId === "" ? {} : { client_id: clientId },
  };
}

function dates({ created, changed }: Dated) {
  return {
    creation_date: created.toISOString(),
    change_date: changed.toISOString(),
  };
}

function grantPayload(world: World, user: User, grant: UserGrant) {
  const owner = world.organizations.get(grant.organizationId);
  return {
    id: grant.id,
    ...dates(grant),
    sequence: grant.sequence,
    roles: grant.roles.length > 0 ? grant.roles : undefined,
    grant_id: grant.projectGrantId,
    state: ACTIVE,
    user_id: user.id,
    user_resource_owner: user.organizationId,
    resource_owner: grant.organizationId,
    org_name: owner?.name,
    org_primary_domain: owner?.primaryDomain,
    project_id: grant.projectId,
    project_name: world.projects.get(grant.projectId)?.name,
  };
}
