/**
 * The world file: the initial state of a sandbox. People edit it to try a model
 * of their own, so it nests as they think (organization, project, roles;
 * organization, user, grants), refers by name, and needs no identifiers.
 *
 * @module
 */
import { z } from "zod";
import { newIdentifier } from "./identifier.ts";

const Id = z.string().regex(/^[0-9]{15,20}$/, {
  error: "must be 15 to 20 digits, as ZITADEL's identifiers are",
}).default(newIdentifier);

/**
 * The permissions of a role: names, or a string that is stored as it is, so
 * that odd values can be tried too.
 */
const Permissions = z.union([z.array(z.string()), z.string()], {
  error: "must be a list of permissions, or a text",
});

const Names = z.array(z.string()).default([]);
const Urls = z.array(z.url()).default([]);
/** Only JWTs pass through `preaccesstoken`. */
const TokenKind = z.enum(["jwt", "opaque"]).default("jwt");

const App = z.strictObject({
  name: z.string().min(1),
  id: Id,
  clientId: z.string().min(1).default(newIdentifier),
  /** Makes it a confidential client; a browser app has none. */
  clientSecret: z.string().min(1).optional(),
  redirectUris: Urls,
  postLogoutRedirectUris: Urls,
  accessToken: TokenKind,
});

const ProjectFile = z.strictObject({
  name: z.string().min(1),
  /** Unlike other identifiers, a project's can be chosen freely. */
  id: z.string().min(1).max(200).default(newIdentifier),
  /** "Assert Roles on Authentication" in ZITADEL's console. */
  assertRoles: z.boolean().default(true),
  roles: z.array(z.string().min(1)).default([]),
  apps: z.array(App).default([]),
  /** The organizations that may give these roles to their own users. */
  grantedTo: z.array(
    z.strictObject({ organization: z.string(), roles: Names, id: Id }),
  ).default([]),
});

const GrantFile = z.strictObject({
  project: z.string(),
  roles: Names,
  id: Id,
  active: z.boolean().default(true),
});

const User = z.strictObject({
  userName: z.string().min(1),
  id: Id,
  /** People have a first or last name, service users do not. */
  firstName: z.string().default(""),
  lastName: z.string().default(""),
  email: z.string().optional(),
  /** Asked for by the session API only, not by the login page. */
  password: z.string().optional(),
  secret: z.string().optional(),
  tokens: Names,
  accessToken: TokenKind,
  /** Administrator roles: `IAM_*` for the instance, `ORG_*` for the organization. */
  administrator: Names,
  metadata: z.record(z.string(), z.string()).default({}),
  grants: z.array(GrantFile).default([]),
});

const OrganizationShape = z.strictObject({
  name: z.string().min(1),
  id: Id,
  metadata: z.record(z.string(), Permissions).default({}),
  projects: z.array(ProjectFile).default([]),
  users: z.array(User).default([]),
});

export const WorldFile = z.strictObject({
  $comment: z.string().optional(),
  organizations: z.array(OrganizationShape).min(1),
});

/** A checked world file, with defaults filled in. */
export type WorldFile = z.infer<typeof WorldFile>;
export type OrganizationFile = z.infer<typeof OrganizationShape>;
export type AppFile = z.infer<typeof App>;
export type UserFile = z.infer<typeof User>;

/** The repository's world, which tells the guide's story. */
const DEFAULT_WORLD_FILE = new URL("./world.json", import.meta.url);

export async function readWorldFile(
  path: string | URL = DEFAULT_WORLD_FILE,
): Promise<WorldFile> {
  let json: unknown;
  try {
    json = JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    throw new Error(`Cannot read the world file ${path}`, { cause: error });
  }
  const parsed = WorldFile.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Error(
    `Cannot use the world file ${path}:\n${z.prettifyError(parsed.error)}`,
  );
}
