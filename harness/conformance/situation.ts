/**
 * The situation of the recordings: organizations, projects, applications and
 * people as they were, made on any instance and removed again.
 *
 * @module
 */
import { furnish } from "./furnish.ts";
import { setMetadata } from "../zitadel/metadata.ts";
import {
  createOrganization,
  removeOrganization,
} from "../zitadel/organization.ts";
import type { Subject } from "./subject.ts";

const MANY_KEYS = 250;
const ORGANIZATIONS = ["acme", "globex", "many", "odd", "empty", "catalogue"];
const encoder = new TextEncoder();

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
export interface Situation extends AsyncDisposable {
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

/** The mapping that was recorded. */
const ACME_METADATA = {
  admin: '["read:all","write:all","delete:all"]',
  editor: '["posts:read","posts:write"]',
  picker: '["stock:pick"]',
  rédacteur: '["articles:écrire","articles:読む"]',
  viewer: '["posts:read"]',
};

/**
 * Makes the situation of the recordings.
 *
 * @param subject The instance.
 * @returns The situation; disposing of it removes it.
 */
export async function createSituation(subject: Subject): Promise<Situation> {
  const { instance } = subject;
  const suffix = crypto.randomUUID().slice(0, 5);
  const organizations: Record<string, string> = {};
  const remove = async () => {
    for (const id of Object.values(organizations)) {
      await removeOrganization(instance, id);
    }
  };
  try {
    for (const name of ORGANIZATIONS) {
      const { id } = await createOrganization(instance, `${name} ${suffix}`);
      organizations[name] = id;
    }
    const made = organizations as Situation["organizations"];
    await writeMetadata(subject, made);
    const parts = await furnish(subject, made, suffix);
    await subject.settle();
    return {
      suffix,
      organizations: made,
      ...parts,
      [Symbol.asyncDispose]: remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function writeMetadata(
  { instance }: Subject,
  { acme, many, odd }: Situation["organizations"],
): Promise<void> {
  const entries = (values: Record<string, string>) =>
    Object.entries(values).map(([key, text]) => ({
      key,
      value: encoder.encode(text),
    }));
  await setMetadata(instance, acme, entries(ACME_METADATA));
  await setMetadata(instance, odd, entries({ broken: '["a"', empty: "[]" }));
  const keys = Array.from(
    { length: MANY_KEYS },
    (_, index) =>
      [`role-${String(index).padStart(3, "0")}`, `["perm:${index}"]`] as const,
  );
  await setMetadata(instance, many, entries(Object.fromEntries(keys)));
}
