import { alreadyExists } from "./api_error.ts";
import { newIdentifier, newSecret } from "./identifier.ts";
import { PERSONAL_TOKEN_SCOPES } from "./scopes.ts";
import type { OrganizationFile, WorldFile } from "./world_file.ts";
import {
  dated,
  emptyWorld,
  type MetadataEntry,
  type Organization,
  touch,
  type User,
  userNamed,
  type World,
} from "./world.ts";

/** The lifetime of the world file's personal access tokens, in seconds. */
const PERSONAL_TOKEN_SECONDS = 10 * 365 * 24 * 3600;
const TOKEN_LENGTH = 64;

/** A world, and the two tokens that every instance starts with. */
export interface Populated {
  world: World;
  /** A personal access token of an IAM_OWNER. */
  adminToken: string;
  /** A personal access token of an IAM_LOGIN_CLIENT, for headless logins. */
  loginClientToken: string;
}

/**
 * Creates the live world that a world file describes, and the organization, the
 * project and the two service users that every instance has.
 */
export function populate({ organizations }: WorldFile): Populated {
  const world = emptyWorld();
  const { id: organizationId } = addOrganization(world, { name: "ZITADEL" });
  world.projects.set(world.zitadelProjectId, {
    ...{ id: world.zitadelProjectId, name: "ZITADEL", organizationId },
    roleAssertion: false,
    roles: new Set(),
  });
  const serviceUser = (userName: string, role: string, id?: string) => {
    const isMachine = true;
    const user = addUser(world, { id, organizationId, userName, isMachine });
    world.members.push({ userId: user.id, roles: [role] });
    return addPersonalToken(world, user, {});
  };
  const admin = serviceUser("admin-sa", "IAM_OWNER", world.adminUserId);
  const loginClient = serviceUser("login-client", "IAM_LOGIN_CLIENT");
  // Organizations and projects come first: users may hold grants of another
  // organization's project.
  for (const file of organizations) {
    const organization = addOrganization(world, file);
    for (const [key, value] of Object.entries(file.metadata)) {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      setEntry(organization, key, new TextEncoder().encode(text));
    }
  }
  for (const file of organizations) addProjects(world, file);
  for (const file of organizations) {
    for (const user of file.users) addFileUser(world, user, file.id);
  }
  return {
    world,
    adminToken: admin.token,
    loginClientToken: loginClient.token,
  };
}

function addProjects(
  world: World,
  { id: organizationId, projects }: OrganizationFile,
): void {
  for (const { id, name, assertRoles, ...project } of projects) {
    world.projects.set(id, {
      ...{ id, organizationId, name, roleAssertion: assertRoles },
      roles: new Set(project.roles),
    });
    for (const app of project.apps) {
      const kind = app.redirectUris.length > 0 ? "oidc" : "api";
      world.apps.set(app.id, { ...app, projectId: id, kind });
    }
    for (const { organization: name, ...granted } of project.grantedTo) {
      const receiver = named(world.organizations, "organization", name);
      const ids = { projectId: id, organizationId: receiver.id };
      world.projectGrants.set(granted.id, { ...granted, ...ids });
    }
  }
}

function addFileUser(
  world: World,
  file: OrganizationFile["users"][number],
  organizationId: string,
): void {
  const { tokens, administrator, metadata, grants, ...fields } = file;
  const { firstName, lastName, userName } = file;
  const user = addUser(world, {
    email: `${userName}@example.com`,
    ...fields,
    organizationId,
    isMachine: firstName === undefined && lastName === undefined,
  });
  for (const [key, text] of Object.entries(metadata)) {
    setEntry(user, key, new TextEncoder().encode(text));
  }
  for (const role of administrator) {
    const place = role.startsWith("IAM_") ? {} : { organizationId };
    world.members.push({ userId: user.id, ...place, roles: [role] });
  }
  for (const token of tokens) addPersonalToken(world, user, { token });
  for (const { project: name, ...grant } of grants) {
    const project = named(world.projects, "project", name);
    const projectGrant = world.projectGrants.values().find((it) =>
      it.projectId === project.id && it.organizationId === organizationId
    );
    world.userGrants.set(grant.id, {
      ...dated(),
      ...grant,
      ...{ userId: user.id, projectId: project.id },
      projectGrantId: projectGrant?.id,
      organizationId: projectGrant ? organizationId : project.organizationId,
    });
  }
}

/** Adds an organization, whose name and id must be unused. */
export function addOrganization(
  { organizations }: World,
  { name, id = newIdentifier() }: { name: string; id?: string },
): Organization {
  if (organizations.values().some((it) => it.name === name || it.id === id)) {
    throw alreadyExists("Organisation's name or id already taken");
  }
  const label = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const primaryDomain = `${label}.localhost`;
  const organization = {
    ...dated(4),
    ...{ id, name, primaryDomain, metadata: new Map() },
  };
  organizations.set(id, organization);
  return organization;
}

type Required = Pick<User, "organizationId" | "userName" | "isMachine">;

type NewUser =
  & Required
  & { readonly [Field in keyof User]?: User[Field] | undefined };

/** Adds a user, whose name must be unused. */
export function addUser(world: World, fields: NewUser): User {
  const { userName, isMachine, firstName = "", lastName = "" } = fields;
  if (userNamed(world, userName)) throw alreadyExists("User already exists");
  const user: User = {
    ...dated(isMachine ? 1 : 2),
    ...{ email: "", description: "", accessToken: "opaque" },
    name: isMachine ? userName : `${firstName} ${lastName}`,
    ...fields as Required & Partial<User>,
    ...{ firstName, lastName, keys: new Map(), metadata: new Map() },
    id: fields.id ?? newIdentifier(),
  };
  world.users.set(user.id, user);
  return user;
}

export function addPersonalToken(
  world: World,
  { id: userId }: User,
  { token = newSecret(TOKEN_LENGTH), expiresAt }: {
    token?: string;
    /** In seconds since 1970. */
    expiresAt?: number | undefined;
  },
): { tokenId: string; token: string } {
  const issuedAt = Math.floor(Date.now() / 1000);
  const id = newIdentifier();
  world.accessTokens.set(token, {
    ...{ id, userId, clientId: "", kind: "personal", issuedAt },
    scopes: [...PERSONAL_TOKEN_SCOPES],
    audience: [world.zitadelProjectId],
    expiresAt: expiresAt ?? issuedAt + PERSONAL_TOKEN_SECONDS,
  });
  return { tokenId: id, token };
}

/** Sets a metadata entry, as one more event of its owner. */
export function setEntry(
  owner: Organization | User,
  key: string,
  value: MetadataEntry["value"],
): void {
  touch(owner);
  owner.metadata.set(key, { ...dated(owner.sequence), value });
}

function named<Item extends { name: string }>(
  map: ReadonlyMap<string, Item>,
  kind: string,
  name: string,
): Item {
  const found = map.values().find((item) => item.name === name);
  if (found) return found;
  throw new Error(
    `Cannot find the ${kind} "${name}" that the world file refers to`,
  );
}
