/**
 * The organizations, projects, applications and users that the recordings were
 * made with.
 *
 * @module
 */

export interface Person {
  readonly id: string;
  readonly loginName: string;
  readonly password: string;
}

/** A service user, and its ways to get tokens. */
export interface ServiceUser {
  readonly id: string;
  readonly token: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Application {
  readonly clientId: string;
  /** Empty for a public client. */
  readonly clientSecret: string;
  readonly redirectUri: string;
}

export interface Scenario extends AsyncDisposable {
  /** Part of every name, so that runs do not collide. */
  readonly suffix: string;
  readonly organizations: Readonly<
    Record<
      "acme" | "globex" | "many" | "odd" | "empty" | "catalogue",
      string
    >
  >;
  readonly projects: Readonly<
    Record<"storefront" | "warehouse" | "catalogue", string>
  >;
  readonly apps: Readonly<
    Record<"storefront" | "opaque" | "exchange" | "warehouse", Application>
  >;
  readonly people: Readonly<
    Record<
      "alice" | "bob" | "carol" | "dave" | "erin" | "frank" | "gwen",
      Person
    >
  >;
  /** With a role and a key. */
  readonly machine: ServiceUser & {
    readonly keyId: string;
    readonly privateKey: string;
  };
  /** ORG_OWNER_VIEWER of Acme and Catalogue. */
  readonly reader: ServiceUser;
  /** IAM_OWNER_VIEWER. */
  readonly viewer: ServiceUser;
  /** ORG_OWNER of Acme. */
  readonly owner: { readonly id: string; readonly token: string };
  /** A service user without role or secret. */
  readonly stranger: { readonly id: string; readonly token: string };
}

/** Where users are created, and what makes their names unique. */
export type Place = Pick<Scenario, "organizations" | "projects" | "suffix">;
