/**
 * The shapes that the page's modules share.
 *
 * @module
 */
import type { AuthorizationServer, TokenEndpointResponse } from "oauth4webapi";
import type { Binding } from "../zitadel/binding.ts";
import type {
  EntryName,
  Finding,
  Fix,
  Question,
  Role,
} from "../explain/token_question.ts";

export type { AuthorizationServer as Server };
export type { Binding, EntryName, Finding, Fix, Question, Role };

/** What an API answered to one call. */
export interface ApiResult {
  readonly status: number;
  /** Why, if it refused. */
  readonly reason: string;
}

/** What the page is for, from its server. */
export interface Settings {
  issuer: string;
  sandbox: boolean;
  clientId: string;
  projectId: string;
  projectName: string;
  claim: string;
  shape: string;
  /** Where the example API looks, if it runs. */
  api: Question["place"] | null;
  routes: { method: string; path: string; permission: string }[];
}

export interface Context {
  settings: Settings;
  server: AuthorizationServer;
  keys: PublicKey[];
}

/** What tokens were requested with. */
export interface Login {
  clientId: string;
  scope: string;
  redirectUri: string;
  loginHint?: string | undefined;
  /** The service user's id, which logs in by itself. */
  machine?: string | undefined;
}

/** What survives the way to the login page and back. */
export interface PendingLogin extends Login {
  state: string;
  nonce: string;
  verifier: string;
  edits?: Edit[];
}

/** As the token endpoint returns them. */
export type Tokens = Pick<
  TokenEndpointResponse,
  "access_token" | "id_token" | "refresh_token"
>;

export type PublicKey = JsonWebKey & { kid?: string };

/** A decoded token; nothing in it is checked yet. */
export interface Jwt {
  /** Header, payload, signature, encoded. */
  parts: [string, string, string];
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

export interface Token {
  raw: string;
  /** `undefined` if it is opaque. */
  jwt: Jwt | undefined;
  /** What is wrong with the signature; empty if it is right. */
  problem: string;
}

export type Item = Question["items"][number];

/** What the server explains. */
export interface Explanation {
  roles: readonly Role[];
  /** The ids of those whose mapping counts. */
  organizations: readonly string[];
  suggestions: readonly string[];
  diagnosis?: Finding;
  /** To the permission that is asked about. */
  answer?: Finding;
  binding?: readonly Binding[];
  /** How much the server's clock is ahead: a browser's may be wrong. In milliseconds. */
  clockOffset: number;
}

export type Organization = Question["organizations"][number];

/** An edit of an entry that is not saved. */
export interface Edit extends EntryName {
  /** Unique on the page. */
  id: string;
  /** As typed. */
  text: string;
  isRemoved?: boolean;
  /** Whether the key is typed too. */
  isNew?: boolean;
  /** The stored value when the edit began, as base64. */
  before: string | undefined;
}

export interface App {
  name: string;
  clientId: string;
  projectId: string;
  kind: string;
  accessToken: string;
  redirectUris: string[];
}

/** What the sandbox holds. */
export interface World {
  organizations: Organization[];
  projects: { id: string; name: string; organizationId: string }[];
  apps: App[];
  users: User[];
}

export type User = NonNullable<Question["user"]> & {
  id: string;
  userName: string;
  organization: string;
};

/** One call of the function. */
export type Exchange = NonNullable<Question["exchanges"]>[number] & {
  request: {
    headers: Record<string, string>;
    payload: {
      user_grants?: { project_id: string; resource_owner: string }[];
    };
  };
  ms: number;
};

/** Where feedback is shown. */
export type Place = "start" | "renew" | "save";

/** The browser's; not there when Deno checks the tests. */
type DomNode = typeof globalThis extends
  { Node: { prototype: infer Prototype } } ? Prototype : never;

export type Child = DomNode | string | number | false | null | undefined;
