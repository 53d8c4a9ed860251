/**
 * What the sandbox knows, as plain maps by identifier. The services
 * read and change it; nothing is kept anywhere else.
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
  /** Its name, unique on the instance. */
  name: string;
  primaryDomain: string;
  /** Role to permissions, and whatever else was set. */
  metadata: Map<string, MetadataEntry>;
}

/** A role of a project. */
export interface ProjectRole extends Dated {
  /** What grants name it by. */
  key: string;
  displayName: string;
  /** Its group; empty for none. */
  group: string;
}

export interface Project extends Dated {
  id: string;
  organizationId: string;
  name: string;
  /** Whether roles are asserted without a scope that asks for them. */
  roleAssertion: boolean;
  /** Its roles by key. */
  roles: Map<string, ProjectRole>;
}

/** A project granted to another organization. */
export interface ProjectGrant extends Dated {
  id: string;
  projectId: string;
  /** The organization that it was granted to. */
  organizationId: string;
  /** The roles that may be given on. */
  roles: string[];
}

export interface App extends Dated {
  id: string;
  projectId: string;
  name: string;
  /** Whether people log in to it, or it only asks about tokens. */
  kind: "oidc" | "api";
  clientId: string;
  /** Absent for public clients. */
  clientSecret?: string;
  /** Where a login may lead back to. */
  redirectUris: string[];
  /** Where a logout may lead to. */
  postLogoutRedirectUris: string[];
  accessToken: "jwt" | "opaque";
  accessTokenRoleAssertion: boolean;
  idTokenRoleAssertion: boolean;
}

export interface Human {
  /** The first name. */
  firstName: string;
  lastName: string;
  /** The address, always verified. */
  email: string;
  /** Absent where any password will do. */
  password?: string;
}

export interface Machine {
  name: string;
  description?: string;
  accessToken: "jwt" | "opaque";
  /** The client secret, once there is one. */
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
  /** Its name, with which it logs in. */
  userName: string;
  human?: Human;
  machine?: Machine;
  metadata: Map<string, MetadataEntry>;
}

/** Roles of one project given to a user. */
export interface UserGrant extends Dated {
  id: string;
  userId: string;
  projectId: string;
  /** Set where the project was granted to the organization that gives it. */
  projectGrantId?: string;
  organizationId: string;
  roles: string[];
  active: boolean;
}

export interface Member {
  userId: string;
  /** The organization; absent for the whole instance. */
  organizationId?: string;
  /** Such as `IAM_OWNER` or `ORG_OWNER_VIEWER`. */
  roles: string[];
}

/** How a target's body is formed. */
export type PayloadType = "json" | "jwt" | "jwe";

/** A public key for encrypted payloads. */
export interface TargetKey extends Dated {
  /** Its identifier, the `kid` of what is encrypted. */
  id: string;
  pem: string;
  /** Whether it is the one that is used. */
  active: boolean;
}

/** A target: an endpoint that is called. */
export interface Target extends Dated {
  id: string;
  /** Its name, unique on the instance. */
  name: string;
  /** Whether the answer counts, only its status, or nothing. */
  type: "restWebhook" | "restCall" | "restAsync";
  interruptOnError: boolean;
  /** What the last update set; `false` until there is one. */
  updatedInterruptOnError: boolean;
  /** How long it may take, in milliseconds. */
  timeoutMs: number;
  /** Where it is. */
  endpoint: string;
  signingKey: string;
  payloadType: PayloadType;
  /** The keys that its payloads may be encrypted for. */
  keys: TargetKey[];
}

/** What leads to calls: a function, or events. */
export type Condition =
  | { function: string }
  | { event: string }
  | { eventGroup: string }
  | { allEvents: true };

/** Targets bound to a condition. */
export interface Execution extends Dated {
  condition: Condition;
  /** The identifiers of the targets, in their order. */
  targets: string[];
}

/** An access token that was issued. JWTs are kept too, by their `jti`. */
export interface AccessToken {
  /** Its identifier: the `jti` of a JWT. */
  id: string;
  userId: string;
  /** Who got it; empty for a personal access token. */
  clientId: string;
  /** The application's project; absent for service users. */
  projectId?: string;
  scopes: string[];
  audience: string[];
  /** Since when, in seconds since 1970. */
  issuedAt: number;
  /** Until when, in seconds since 1970. */
  expiresAt: number;
  /** When the user logged in, in seconds since 1970. */
  authTime?: number;
  kind: "jwt" | "opaque" | "personal";
}

export interface AuthRequest {
  /** Its identifier, `V2_` and digits. */
  id: string;
  /** The OpenID provider's own name for it. */
  uid: string;
  clientId: string;
  /** Where the login leads back to. */
  redirectUri: string;
  /** What was asked for, by the application and its project. */
  scopes: string[];
  /** Who is expected to log in, by user name. */
  loginHint?: string;
  created: Date;
}

/** A session of the session API. */
export interface Session {
  id: string;
  token: string;
  userId: string;
  /** Since when. */
  created: Date;
}

export interface World {
  instanceId: string;
  /** ZITADEL's own project, whose audience its API asks for. */
  zitadelProjectId: string;
  adminUserId: string;
  /** By identifier. */
  organizations: Map<string, Organization>;
  /** By identifier. */
  projects: Map<string, Project>;
  /** By identifier. */
  projectGrants: Map<string, ProjectGrant>;
  /** By identifier. */
  apps: Map<string, App>;
  /** By identifier. */
  users: Map<string, User>;
  /** By identifier. */
  userGrants: Map<string, UserGrant>;
  members: Member[];
  /** By identifier. */
  targets: Map<string, Target>;
  /** By the condition's `conditionKey`. */
  executions: Map<string, Execution>;
  /** By the token itself, or by the `jti` of a JWT. */
  accessTokens: Map<string, AccessToken>;
  /** By identifier. */
  authRequests: Map<string, AuthRequest>;
  /** By identifier. */
  sessions: Map<string, Session>;
}

/** Makes a world that holds nobody yet. */
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
