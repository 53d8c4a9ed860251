/**
 * What the stand-in ZITADEL knows, as plain maps by identifier. The services
 * read and change it; nothing is kept anywhere else.
 *
 * @module
 */
import type { JWK } from "jose";
import { newIdentifier } from "./identifier.ts";

/** When something came to be and was last changed. */
export interface Dated {
  /** When it was made. */
  created: Date;
  /** When it was last changed. */
  changed: Date;
  /** ZITADEL's count of the events of its aggregate. */
  sequence: number;
}

/** One metadata value. */
export interface MetadataEntry extends Dated {
  /** The bytes, of any kind. */
  value: Uint8Array;
}

/** An organization. */
export interface Organization extends Dated {
  id: string;
  name: string;
  primaryDomain: string;
  metadata: Map<string, MetadataEntry>;
}

/** A role of a project. */
export interface ProjectRole extends Dated {
  key: string;
  displayName: string;
  group: string;
}

/** A project. */
export interface Project extends Dated {
  id: string;
  organizationId: string;
  name: string;
  /** Whether roles are asserted without a scope that asks for them. */
  roleAssertion: boolean;
  roles: Map<string, ProjectRole>;
}

/** A project granted to another organization. */
export interface ProjectGrant extends Dated {
  id: string;
  projectId: string;
  /** The organization that it was granted to. */
  organizationId: string;
  roles: string[];
}

/** An application. */
export interface App extends Dated {
  id: string;
  projectId: string;
  name: string;
  kind: "oidc" | "api";
  clientId: string;
  clientSecret?: string;
  redirectUris: string[];
  postLogoutRedirectUris: string[];
  accessToken: "jwt" | "opaque";
  accessTokenRoleAssertion: boolean;
  idTokenRoleAssertion: boolean;
}

/** A person. */
export interface Human {
  firstName: string;
  lastName: string;
  email: string;
  /** Absent where any password will do. */
  password?: string;
}

/** A service user. */
export interface Machine {
  name: string;
  accessToken: "jwt" | "opaque";
  secret?: string;
  keys: Map<string, JWK>;
}

/** A user: a person or a service user. */
export interface User extends Dated {
  id: string;
  organizationId: string;
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
  /** The organization that gave it. */
  organizationId: string;
  roles: string[];
  active: boolean;
}

/** Who administers what. */
export interface Member {
  userId: string;
  /** The organization; absent for the whole instance. */
  organizationId?: string;
  roles: string[];
}

/** How a target's body is formed. */
export type PayloadType = "json" | "jwt" | "jwe";

/** A public key for encrypted payloads. */
export interface TargetKey extends Dated {
  id: string;
  pem: string;
  active: boolean;
}

/** A target: an endpoint that is called. */
export interface Target extends Dated {
  id: string;
  name: string;
  type: "restWebhook" | "restCall" | "restAsync";
  interruptOnError: boolean;
  timeoutMs: number;
  endpoint: string;
  signingKey: string;
  payloadType: PayloadType;
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
  targets: string[];
}

/** An access token that was issued. JWTs are kept too, by their `jti`. */
export interface AccessToken {
  id: string;
  userId: string;
  clientId: string;
  /** The application's project; absent for service users. */
  projectId?: string;
  scopes: string[];
  audience: string[];
  issuedAt: number;
  expiresAt: number;
  authTime?: number;
  kind: "jwt" | "opaque" | "personal";
}

/** A login under way. */
export interface AuthRequest {
  id: string;
  /** The OpenID provider's own name for it. */
  uid: string;
  clientId: string;
  redirectUri: string;
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
  created: Date;
}

/** Everything the stand-in ZITADEL knows. */
export interface World {
  instanceId: string;
  /** ZITADEL's own project, whose audience its API asks for. */
  zitadelProjectId: string;
  /** The user behind the administrator's token. */
  adminUserId: string;
  organizations: Map<string, Organization>;
  projects: Map<string, Project>;
  projectGrants: Map<string, ProjectGrant>;
  apps: Map<string, App>;
  users: Map<string, User>;
  userGrants: Map<string, UserGrant>;
  members: Member[];
  targets: Map<string, Target>;
  /** By the condition's {@linkcode conditionKey}. */
  executions: Map<string, Execution>;
  /** By the token itself, or by the `jti` of a JWT. */
  accessTokens: Map<string, AccessToken>;
  authRequests: Map<string, AuthRequest>;
  sessions: Map<string, Session>;
}

/**
 * Starts the dates of something new.
 *
 * @param sequence ZITADEL's event count, 1 for something new.
 * @returns Dates of now.
 */
export function dated(sequence = 1): Dated {
  const now = new Date();
  return { created: now, changed: now, sequence };
}

/**
 * Notes that something was changed.
 *
 * @param thing What was changed.
 * @returns When.
 */
export function touch(thing: Dated): Date {
  thing.changed = new Date();
  thing.sequence++;
  return thing.changed;
}

/**
 * Names a condition, so that one execution is kept for each.
 *
 * @param condition The condition.
 * @returns A text that is the same for equal conditions only.
 */
export function conditionKey(condition: Condition): string {
  return JSON.stringify(condition);
}

/**
 * Finds an application by its client id.
 *
 * @param world The world.
 * @param clientId The client id.
 * @returns The application, if there is one.
 */
export function appOfClient(world: World, clientId: string): App | undefined {
  for (const app of world.apps.values()) {
    if (app.clientId === clientId) return app;
  }
}

/**
 * Finds a user by name.
 *
 * @param world The world.
 * @param userName The user's name, which is unique.
 * @returns The user, if there is one.
 */
export function userNamed(world: World, userName: string): User | undefined {
  for (const user of world.users.values()) {
    if (user.userName === userName) return user;
  }
}

/**
 * Makes a random secret of letters and digits, as ZITADEL does.
 *
 * @param length How many characters.
 * @returns The secret.
 */
export function newSecret(length: number): string {
  const alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  return Array.from(
    crypto.getRandomValues(new Uint8Array(length)),
    (byte) => alphabet[byte % alphabet.length],
  ).join("");
}

/**
 * Makes a world that holds nobody yet.
 *
 * @returns The world.
 */
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
