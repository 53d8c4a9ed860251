/**
 * The sandbox's whole state, as maps by identifier. The services read and
 * change it.
 *
 * @module
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ConditionSchema } from "@zitadel/proto/zitadel/action/v2beta/execution_pb.js";
import type { JWK } from "jose";
import { newIdentifier } from "./identifier.ts";
import type { AppFile, UserFile } from "./world_file.ts";

/** When an object was made and changed, and how many events that took. */
export interface Dated {
  created: Date;
  changed: Date;
  sequence: number;
}

export function dated(sequence = 1): Dated {
  const now = new Date();
  return { created: now, changed: now, sequence };
}

export function touch(thing: Dated): void {
  thing.changed = new Date();
  thing.sequence++;
}

export interface MetadataEntry extends Dated {
  value: Uint8Array;
}

export interface Organization extends Dated {
  id: string;
  /** Unique on the instance. */
  name: string;
  primaryDomain: string;
  /** The mapping, and whatever else was set. */
  metadata: Map<string, MetadataEntry>;
  /** Its actions (Actions v1), by flow; the sandbox lists them and does not run them. */
  actions?: Record<string, { name: string; script: string; active: boolean }[]>;
}

export interface Project {
  id: string;
  organizationId: string;
  name: string;
  /** Whether roles are asserted without a scope that asks for them. */
  roleAssertion: boolean;
  roles: Set<string>;
}

/** A project that was granted to another organization. */
export interface ProjectGrant {
  id: string;
  projectId: string;
  /** The receiving organization. */
  organizationId: string;
  /** The roles that it may give its users. */
  roles: string[];
}

export interface App extends AppFile {
  projectId: string;
  /** `oidc` applications log people in, `api` ones only inspect tokens. */
  kind: "oidc" | "api";
}

type Account = Pick<
  UserFile,
  "id" | "userName" | "password" | "secret" | "accessToken"
>;

/** A person or a service user. */
export interface User extends Account, Dated {
  organizationId: string;
  isMachine: boolean;
  /** For display. */
  name: string;
  /** Of a person, like the two below. */
  firstName: string;
  lastName: string;
  /** Always verified. */
  email: string;
  /** Of a service user, like what follows. */
  description: string;
  /** The public keys for the JWT profile; expiry in milliseconds since 1970. */
  keys: Map<string, { jwk: JWK; expiresAt: number }>;
  metadata: Map<string, MetadataEntry>;
}

/** Roles of one project, given to a user. */
export interface UserGrant extends Dated {
  id: string;
  userId: string;
  projectId: string;
  /** Set if the project was granted to the organization that gives the roles. */
  projectGrantId?: string | undefined;
  organizationId: string;
  roles: string[];
  active: boolean;
}

/** A public key that ZITADEL would encrypt a target's payloads for. */
export interface TargetKey {
  id: string;
  pem: string;
  /** At most one of a target's keys is. */
  active: boolean;
  expires?: Date;
}

/** An endpoint that the instance calls. */
export interface Target {
  id: string;
  /** Unique on the instance. */
  name: string;
  /** Of a `restCall` the reply counts, of the others only its status. */
  type: "restWebhook" | "restCall" | "restAsync";
  interruptOnError: boolean;
  /** What the last update set; `false` until there is one. */
  updatedInterruptOnError: boolean;
  timeoutMs: number;
  endpoint: string;
  signingKey: string;
  /** The sandbox does not encrypt: calls of a `jwe` target fail. */
  payloadType: "json" | "jwt" | "jwe";
  keys?: TargetKey[];
}

/** An issued access token. JWTs are stored too, by their `jti`. */
export interface AccessToken {
  /** The `jti` of a JWT. */
  id: string;
  userId: string;
  /** Empty for a personal access token. */
  clientId: string;
  /** The application's project; absent for service users. */
  projectId?: string;
  scopes: string[];
  audience: string[];
  /** In seconds since 1970, like the two below. */
  issuedAt: number;
  expiresAt: number;
  /** When the user logged in. */
  authTime?: number;
  kind: "jwt" | "opaque" | "personal";
}

export type World = ReturnType<typeof emptyWorld>;

export function emptyWorld() {
  return {
    instanceId: newIdentifier(),
    /** ZITADEL's own project: tokens for its API have it as audience. */
    zitadelProjectId: newIdentifier(),
    adminUserId: newIdentifier(),
    organizations: new Map<string, Organization>(),
    projects: new Map<string, Project>(),
    projectGrants: new Map<string, ProjectGrant>(),
    apps: new Map<string, App>(),
    users: new Map<string, User>(),
    userGrants: new Map<string, UserGrant>(),
    /** Administrators: of the instance if there is no organization. */
    members: [] as {
      userId: string;
      organizationId?: string;
      /** Such as `IAM_OWNER` or `ORG_OWNER_VIEWER`. */
      roles: string[];
    }[],
    targets: new Map<string, Target>(),
    /** By the name of the function or event, or the event's group; `true` is all events. */
    executions: new Map<string, {
      condition: MessageInitShape<typeof ConditionSchema>;
      /** The targets' identifiers, in the order of the calls. */
      targets: string[];
    }>(),
    /** By the token itself, or by the `jti` of a JWT. */
    accessTokens: new Map<string, AccessToken>(),
    authRequests: new Map<string, {
      /** oidc-provider's identifier. */
      uid: string;
      /** The scopes that the application and its project ask for. */
      scopes: string[];
      /** The user name that the client expects. */
      loginHint?: string | undefined;
    }>(),
    /** Of the session API, by their token. */
    sessions: new Map<string, { sessionId: string; userId: string }>(),
  };
}

/** Lists the rows of a table that have these values. */
export function rowsOf<Row extends object>(
  table: ReadonlyMap<string, Row>,
  values: Partial<Row>,
): Row[] {
  const wanted = Object.entries(values);
  return [...table.values()].filter((row) =>
    wanted.every(([name, value]) => row[name as keyof Row] === value)
  );
}

export function appOfClient(world: World, clientId: string): App | undefined {
  return rowsOf(world.apps, { clientId })[0];
}

export function userNamed(world: World, userName: string): User | undefined {
  return rowsOf(world.users, { userName })[0];
}

/** Returns the grants of a user that are not deactivated. */
export function activeGrants(world: World, userId: string): UserGrant[] {
  return rowsOf(world.userGrants, { userId, active: true });
}

type Reference = "organizationId" | "projectId" | "userId";
type Row = { readonly [Field in Reference]?: string };

/** Removes everything that refers to an organization, project or user. */
export function removeAllOf(
  world: World,
  field: Reference,
  id: string,
): void {
  for (const table of Object.values(world)) {
    if (!(table instanceof Map)) continue;
    for (const [key, row] of table) {
      if ((row as Row)[field] !== id) continue;
      table.delete(key);
      if (table === world.projects) removeAllOf(world, "projectId", key);
      if (table === world.users) removeAllOf(world, "userId", key);
    }
  }
  world.members = world.members
    .filter((member) => (member as Row)[field] !== id);
}
