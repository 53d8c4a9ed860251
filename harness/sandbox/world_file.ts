/**
 * The world file: the initial state of a sandbox. People edit it to try a model
 * of their own, so it nests as they think (organization, project, roles;
 * organization, user, grants), refers by name, and needs no identifiers.
 *
 * @module
 */
import { z } from "zod";

const Identifier = z.string().regex(/^[0-9]{15,20}$/, {
  error: "must be 15 to 20 digits, as ZITADEL's identifiers are",
});

/** Unlike other identifiers, a project's can be chosen freely. */
const ProjectIdentifier = z.string().min(1).max(200);

/**
 * The permissions of a role: names, or a string that is stored as it is, so
 * that odd values can be tried too.
 */
export const Permissions = z.union([z.array(z.string()), z.string()], {
  error: "must be a list of permissions, or a text",
});

const AppFile = z.strictObject({
  name: z.string().min(1),
  id: Identifier.optional(),
  clientId: z.string().min(1).optional(),
  /** Makes it a confidential client; a browser app has none. */
  clientSecret: z.string().min(1).optional(),
  redirectUris: z.array(z.url()).default([]),
  postLogoutRedirectUris: z.array(z.url()).default([]),
  /** Only JWTs pass through `preaccesstoken`. */
  accessToken: z.enum(["jwt", "opaque"]).default("jwt"),
});

const ProjectFile = z.strictObject({
  name: z.string().min(1),
  id: ProjectIdentifier.optional(),
  /** "Assert Roles on Authentication" in ZITADEL's console. */
  assertRoles: z.boolean().default(true),
  roles: z.array(z.string().min(1)).default([]),
  apps: z.array(AppFile).default([]),
  /** The organizations that may give these roles to their own users. */
  grantedTo: z.array(z.strictObject({
    organization: z.string(),
    roles: z.array(z.string()),
    id: Identifier.optional(),
  })).default([]),
});

const GrantFile = z.strictObject({
  project: z.string(),
  roles: z.array(z.string()).default([]),
  id: Identifier.optional(),
  active: z.boolean().default(true),
});

const UserShape = z.strictObject({
  userName: z.string().min(1),
  id: Identifier.optional(),
  /** People have a first or last name, service users do not. */
  firstName: z.string().optional(),
  lastName: z.string().optional(),
  email: z.string().optional(),
  /** Asked for by the session API only, not by the login page. */
  password: z.string().optional(),
  secret: z.string().optional(),
  /** A service user's public keys for the JWT profile, as JWK with `kid`. */
  keys: z.array(z.looseObject({ kid: z.string(), kty: z.string() })).default(
    [],
  ),
  tokens: z.array(z.string()).default([]),
  accessToken: z.enum(["jwt", "opaque"]).default("jwt"),
  /**
   * Administrator roles: `IAM_*` for the instance, `ORG_*` for the organization.
   */
  administrator: z.array(z.string()).default([]),
  metadata: z.record(z.string(), z.string()).default({}),
  grants: z.array(GrantFile).default([]),
});

const OrganizationShape = z.strictObject({
  name: z.string().min(1),
  id: Identifier.optional(),
  metadata: z.record(z.string(), Permissions).default({}),
  projects: z.array(ProjectFile).default([]),
  users: z.array(UserShape).default([]),
});

export const WorldFile = z.strictObject({
  $comment: z.string().optional(),
  organizations: z.array(OrganizationShape).min(1),
});

/** A checked world file, with defaults filled in. */
export type WorldFile = z.infer<typeof WorldFile>;
export type OrganizationFile = z.infer<typeof OrganizationShape>;
export type UserFile = z.infer<typeof UserShape>;

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
  if (!parsed.success) {
    throw new Error(
      `Cannot use the world file ${path}:\n${z.prettifyError(parsed.error)}`,
    );
  }
  return parsed.data;
}
