/**
 * The organizations, projects, applications and users that the recordings were
 * made with.
 *
 * @module
 */

/** A person who can log in. */
export interface Person {
  /** The user's identifier. */
  readonly id: string;
  /** With which the person logs in. */
  readonly loginName: string;
  /** The password. */
  readonly password: string;
}

/** A service user and how it gets tokens. */
export interface ServiceUser {
  /** The user's identifier. */
  readonly id: string;
  /** A personal access token. */
  readonly token: string;
  /** The client id: its name. */
  readonly clientId: string;
  /** The client secret. */
  readonly clientSecret: string;
}

/** An application. */
export interface Application {
  /** Its client id. */
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
  /** The identifiers of the organizations. */
  readonly organizations: Readonly<
    Record<
      "acme" | "globex" | "many" | "odd" | "empty" | "catalogue",
      string
    >
  >;
  /** The identifiers of the projects. */
  readonly projects: Readonly<
    Record<"storefront" | "warehouse" | "catalogue", string>
  >;
  /** The applications. */
  readonly apps: Readonly<
    Record<"storefront" | "opaque" | "exchange" | "warehouse", Application>
  >;
  /** The people. */
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
  /** ORG_OWNER_VIEWER of Acme. */
  readonly reader: ServiceUser;
  /** IAM_OWNER_VIEWER. */
  readonly viewer: ServiceUser;
  /** Without any role and any secret. */
  readonly nobody: { readonly id: string; readonly token: string };
}
