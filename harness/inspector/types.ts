/**
 * The shapes that the page's modules share.
 *
 * @module
 */
import type { AuthorizationServer } from "oauth4webapi";
import type { ApiResult } from "./api_check.ts";
import type { Diagnosis, Fix, Role } from "./diagnose.ts";

export type { ApiResult, AuthorizationServer as Server, Diagnosis, Fix, Role };

/** What the page is for, from its server. */
export interface Settings {
  issuer: string;
  sandbox: boolean;
  clientId: string;
  projectId: string;
  projectName: string;
  claim: string;
  shape: string;
  metadataOrganization: string;
  /** Whether the example API runs. */
  api: boolean;
  /** What the example API serves. */
  routes: { method: string; path: string; permission: string }[];
}

export interface Context {
  settings: Settings;
  server: AuthorizationServer;
  keys: PublicKey[];
}

/** What a login was started with. */
export interface Login {
  clientId: string;
  scope: string;
  redirectUri: string;
}

/** What survives the way to the login page and back. */
export interface PendingLogin extends Login {
  state: string;
  nonce: string;
  verifier: string;
  draft?: Draft | undefined;
}

export interface Tokens {
  accessToken: string;
  idToken?: string | undefined;
  refreshToken?: string | undefined;
  /** In milliseconds since 1970. */
  expiresAt?: number | undefined;
}

export type PublicKey = JsonWebKey & { kid?: string };

/** A decoded token; nothing in it is checked yet. */
export interface Jwt {
  /** Header, payload, signature, encoded. */
  parts: [string, string, string];
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

export interface Verdict {
  /** `unknown`: it could not be checked. */
  state: "valid" | "invalid" | "unknown";
  /** The reason, for people. */
  text: string;
}

export interface Token {
  raw: string;
  /** `undefined` if it is opaque. */
  jwt: Jwt | undefined;
  verdict: Verdict | undefined;
}

export interface Userinfo {
  claims?: Record<string, unknown>;
  error?: string;
}

/** One permission in a token. */
export interface Item {
  permission: string;
  /** In the shapes `by_project` and `by_organization`. */
  project?: string;
  /** In the shape `by_organization`. */
  organization?: string;
}

/** What is known about the tokens at hand. */
export interface Session {
  /** `undefined` for a pasted token. */
  login: Login | undefined;
  tokens: Tokens;
  name: string;
  access: Token;
  id: Token | undefined;
  userinfo: Userinfo | undefined;
  /** The permissions claim; of an opaque token, that of userinfo. */
  value: unknown;
  items: readonly Item[];
  /** Permissions that the token before did not have. */
  added: readonly string[];
  /** Permissions that only the token before had. */
  gone: readonly string[];
  roles: readonly Role[];
  formerRoles: readonly Role[];
  /** Whose mappings are known here. */
  organizations: readonly Organization[];
  /** Why a mapping is not known. */
  mappingNote: string;
  world: World | undefined;
  /** Those whose names are known. */
  projects: readonly { id: string; name: string }[];
  user: User | undefined;
  exchanges: readonly Exchange[] | undefined;
  diagnosis?: Diagnosis;
  /** Roles that the user has and the login did not request. */
  unrequested?: Diagnosis;
}

/** What the page has explained by its server. */
export interface Question {
  payload: Payload | undefined;
  organizations: readonly Organization[];
  home: string | undefined;
  findings: Record<string, unknown>;
}

/** An entry of the metadata; the value is base64. */
export interface Entry {
  key: string;
  value: string;
}

export interface Organization {
  id: string;
  name: string;
  entries: Entry[];
}

/** A row of the mapping while it is edited. */
export interface Row {
  /** Unique on the page. */
  id: string;
  organization: string;
  /** The metadata key. */
  key: string;
  /** Whether the key is given; `false` in rows that were added. */
  isNamed: boolean;
  /** As typed: a list, or the value itself if `isRaw`. */
  text: string;
  isRaw: boolean;
  isRemoved: boolean;
  /** The stored value as base64; `undefined` if there is no entry. */
  stored: string | undefined;
  /** How it was changed elsewhere while it was edited here. */
  note?: string;
}

export interface Draft {
  rows: Row[];
}

/** A change to save. */
export interface Change {
  key: string;
  /** `null` removes the entry. */
  value: string | null;
  /** What was stored, as base64. */
  before: string | null;
}

/** What the sandbox holds. */
export interface World {
  organizations: Organization[];
  projects: { id: string; name: string; assertsRoles: boolean }[];
  apps: {
    name: string;
    clientId: string;
    projectId: string;
    kind: string;
    accessToken: string;
    redirectUris: string[];
  }[];
  users: User[];
}

export interface User {
  id: string;
  userName: string;
  displayName: string;
  isMachine: boolean;
  organizationId: string;
  organization: string;
  grants: {
    projectId: string;
    project: string;
    roles: string[];
    active: boolean;
  }[];
}

/** One call of the function. */
export interface Exchange {
  /** In milliseconds since 1970. */
  time: number;
  condition: string;
  target: { endpoint: string; name: string };
  request: { headers: Record<string, string>; body: string; payload: Payload };
  reply?: { status: number; body: string };
  error?: string;
  ms: number;
}

export interface Payload {
  function?: string;
  user?: { id?: string };
  org?: { id?: string; name?: string };
  user_grants?: Grant[];
}

export interface Grant {
  project_id: string;
  resource_owner: string;
  state: number;
  roles: string[];
}

/** Where feedback is shown. */
export type Place = "start" | "renew" | "save";

/** Whom to log in, and with what. */
export interface Choice {
  clientId: string;
  scope: string;
  loginHint?: string;
}

export type Tab = "access" | "id" | "userinfo";

/** Where an API looks for permissions. */
export interface ApiPlace {
  project: string;
  organization: string;
}

/** The browser's; not there when Deno checks the tests. */
type DomNode = typeof globalThis extends
  { Node: { prototype: infer Prototype } } ? Prototype : never;

export type Child = DomNode | string | number | false | null | undefined;

/** What the table of the chain shows, and what can be done there. */
export interface Chain {
  session: Session;
  /** `undefined` if the mapping cannot be edited. */
  draft: Draft | undefined;
  /** What keeps a row from being saved. */
  problems: ReadonlyMap<Row, string>;
  /** Shown beside the buttons. */
  feedback: Child;
  actions: {
    onType: (row: Row, part: Partial<Row>) => void;
    onRaw: (row: Row) => void;
    onRemove: (row: Row) => void;
    onAdd: () => void;
    onUndo: () => void;
    onSave: () => void;
    onFix: (fix: Fix) => void;
  };
}
