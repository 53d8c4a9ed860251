import type { Exchange } from "../sandbox/sandbox.ts";

/** A permission and the roles that gave it. */
export interface PermissionSource {
  readonly permission: string;
  readonly roles: readonly string[];
}

/** A token, and how it came about. */
export interface DemoLogin {
  readonly user: string;
  readonly flow: "authorization code + PKCE" | "client credentials";
  /** The access token as it was issued. */
  readonly accessToken: string;
  /** Its claims; the signature was checked against the instance's keys. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Where each permission comes from. */
  readonly sources: readonly PermissionSource[];
  /** ZITADEL's call of the function, and the answer. */
  readonly exchange: Exchange;
}

/** A request to the example API, and its answer. */
export interface DemoAnswer {
  /** Whose token was sent; `undefined` if none was. */
  readonly user: string | undefined;
  /** Such as `GET /posts`. */
  readonly request: string;
  readonly status: number;
  /** Why the API accepted or refused the request. */
  readonly reason: string;
  /** The `WWW-Authenticate` header of a refusal. */
  readonly challenge: string | undefined;
}

/** What happens, as it happens. */
export type DemoEvent =
  | { readonly kind: "step"; readonly label: string; readonly title: string }
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "change"; readonly sign: string; readonly text: string }
  | { readonly kind: "login"; readonly login: DemoLogin }
  | { readonly kind: "tokens"; readonly logins: readonly DemoLogin[] }
  | { readonly kind: "answer"; readonly answer: DemoAnswer };
