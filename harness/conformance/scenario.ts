/**
 * The organizations, projects, applications and users that the recordings were
 * made with.
 *
 * @module
 */

/** A person who can log in. */
export interface Person {
  readonly id: string;
  readonly loginName: string;
  readonly password: string;
}

/** A service user and how it gets tokens. */
export interface ServiceUser {
  readonly id: string;
  readonly token: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface Application {
  readonly clientId: string;
  /** Its client secret; empty for a public client. */
  readonly clientSecret: string;
  /** Where a login leads back to. */
  readonly redirectUri: string;
}

/** Who and what there is. */
export interface Scenario extends AsyncDisposable {
  /** In every name, so that nothing collides. */
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
  /** A service user with a role and a key. */
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
  /** A service user without a role and a secret. */
  readonly stranger: { readonly id: string; readonly token: string };
}
