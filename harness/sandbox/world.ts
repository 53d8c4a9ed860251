/**
 * The sandbox's whole state, as maps by identifier. The services read and
 * change it.
 *
 * @module
 */
import type { JWK } from "jose";
import type { Dated } from "./dated.ts";
import { newIdentifier } from "./identifier.ts";

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

export interface ProjectRole extends Dated {
  key: string;
  displayName: string;
  /** Empty for none. */
  group: string;
}

export interface Project extends Dated {
  id: string;
  organizationId: string;
  name: string;
  /** Whether roles are asserted without a scope that asks for them. */
  roleAssertion: boolean;
  /** By key. */
  roles: Map<string, ProjectRole>;
}

/** A project that was granted to another organization. */
export interface ProjectGrant extends Dated {
  id: string;
  projectId: string;
  /** The receiving organization. */
  organizationId: string;
  /** The roles that it may give its users. */
  roles: string[];
}

export interface App extends Dated {
  id: string;
  projectId: string;
  name: string;
  /** `oidc` applications log people in, `api` ones only inspect tokens. */
  kind: "oidc" | "api";
  clientId: string;
  /** Absent for public clients. */
  clientSecret?: string;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  accessToken: "jwt" | "opaque";
  accessTokenRoleAssertion: boolean;
  idTokenRoleAssertion: boolean;
}

export interface Human {
  firstName: string;
  lastName: string;
  /** Always verified. */
  email: string;
  /** Absent if any password will do. */
  password?: string;
}

export interface Machine {
  name: string;
  description?: string;
  accessToken: "jwt" | "opaque";
  /** The client secret, if there is one. */
  secret?: string;
  /** The public keys for the JWT profile, by key id. */
  keys: Map<string, JWK>;
  /** When keys expire, by key id, in milliseconds since 1970. */
  keyExpiries?: Map<string, number>;
}

/** A user: a person or a service user. */
export interface User extends Dated {
  id: string;
  organizationId: string;
  /** The name that it logs in with. */
  userName: string;
  human?: Human;
  machine?: Machine;
  metadata: Map<string, MetadataEntry>;
}

/** Roles of one project, given to a user. */
export interface UserGrant extends Dated {
  id: string;
  userId: string;
  projectId: string;
  /**
   * Set if the project was granted to the organization that gives the roles.
   */
  projectGrantId?: string;
  organizationId: string;
  roles: string[];
  active: boolean;
}

export interface Member {
  userId: string;
  /** Absent for roles on the whole instance. */
  organizationId?: string;
  /** Such as `IAM_OWNER` or `ORG_OWNER_VIEWER`. */
  roles: string[];
}

export type PayloadType = "json" | "jwt" | "jwe";

/** A public key for encrypted payloads. */
export interface TargetKey extends Dated {
  /** The `kid` of payloads that are encrypted for it. */
  id: string;
  pem: string;
  /** Whether it is the one in use. */
  active: boolean;
}

/** An endpoint that the instance calls. */
export interface Target extends Dated {
  id: string;
  /** Unique on the instance. */
  name: string;
  /**
   * `restCall`: the reply counts; `restWebhook`: only its status; `restAsync`:
   * nothing.
   */
  type: "restWebhook" | "restCall" | "restAsync";
  interruptOnError: boolean;
  /** What the last update set; `false` until there is one. */
  updatedInterruptOnError: boolean;
  timeoutMs: number;
  endpoint: string;
  signingKey: string;
  payloadType: PayloadType;
  /** Keys that payloads can be encrypted for. */
  keys: TargetKey[];
}

/** What triggers a call: a function, or events. */
export type Condition =
  | { function: string }
  | { event: string }
  | { eventGroup: string }
  | { allEvents: true };

/** The targets of a condition. */
export interface Execution extends Dated {
  condition: Condition;
  /** The targets' identifiers, in the order of the calls. */
  targets: string[];
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
  /** In seconds since 1970. */
  issuedAt: number;
  /** In seconds since 1970. */
  expiresAt: number;
  /** When the user logged in, in seconds since 1970. */
  authTime?: number;
  kind: "jwt" | "opaque" | "personal";
}

export interface AuthRequest {
  /** `V2_` and digits. */
  id: string;
  /** oidc-provider's identifier. */
  uid: string;
  clientId: string;
  redirectUri: string;
  /** The scopes that the application and its project ask for. */
  scopes: string[];
  /** The user name that the client expects. */
  loginHint?: string;
  created: Date;
}

/** A session of the session API. */
export interface Session {
  id: string;
  token: string;
  userId: string;
  created: Date;
}

export interface World {
  instanceId: string;
  /** ZITADEL's own project: tokens for its API have it as audience. */
  zitadelProjectId: string;
  adminUserId: string;
  organizations: Map<string, Organization>;
  projects: Map<string, Project>;
  projectGrants: Map<string, ProjectGrant>;
  apps: Map<string, App>;
  users: Map<string, User>;
  userGrants: Map<string, UserGrant>;
  members: Member[];
  targets: Map<string, Target>;
  /** By the condition's `conditionKey`. */
  executions: Map<string, Execution>;
  /** By the token itself, or by the `jti` of a JWT. */
  accessTokens: Map<string, AccessToken>;
  authRequests: Map<string, AuthRequest>;
  sessions: Map<string, Session>;
}

export function emptyWorld(): World {
  return {
    instanceId: newIdentifier(),
    zitadelProjectId: newIdentifier(),
    adminUserId: newIdentifier(),
    organizations: new Map(),
    projects: new Map(),
    projectGrants: new Map(),
    apps: new Map(),
    users: new Map(),
    userGrants: new Map(),
    members: [],
    targets: new Map(),
    executions: new Map(),
    accessTokens: new Map(),
    authRequests: new Map(),
    sessions: new Map(),
  };
}
