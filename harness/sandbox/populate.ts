import { alreadyExists } from "./api_error.ts";
import { newIdentifier, newSecret } from "./identifier.ts";
import { PERSONAL_TOKEN_SCOPES } from "./scopes.ts";
import { type OrganizationFile, WorldFile } from "./world_file.ts";
import {
  dated,
  emptyWorld,
  type Organization,
  rowsOf,
  touch,
  type User,
  userNamed,
  type World,
} from "./world.ts";

/** The lifetime of the world file's personal access tokens, in seconds. */
const PERSONAL_TOKEN_SECONDS = 10 * 365 * 24 * 3600;

/**
 * Creates the live world that a world file describes, and the organization, the
 * project and the two service users that every instance has, with a personal
 * access token each: of an IAM_OWNER, and of an IAM_LOGIN_CLIENT for headless
 * logins.
 */
export function populate(
  file: WorldFile,
): { world: World; adminToken: string; loginClientToken: string } {
  const world = emptyWorld();
  const { zitadelProjectId: id, adminUserId } = world;
  const adminToken = newSecret();
  const loginClientToken = newSecret();
  const own = WorldFile.parse({
    organizations: [{
      name: "ZITADEL",
      projects: [{ id, name: "ZITADEL", assertRoles: false }],
      users: [{
        id: adminUserId,
        userName: "admin-sa",
        tokens: [adminToken],
        administrator: ["IAM_OWNER"],
      }, {
        userName: "login-client",
        tokens: [loginClientToken],
        administrator: ["IAM_LOGIN_CLIENT"],
      }],
    }],
  });
  // Organizations and projects come first: users may hold grants of another
  // organization's project.
  const organizations = [...own.organizations, ...file.organizations];
  for (const { metadata, ...names } of organizations) {
    const organization = addOrganization(world, names);
    for (const [key, value] of Object.entries(metadata)) {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      setEntry(organization, key, new TextEncoder().encode(text));
    }
  }
  for (const organization of organizations) addProjects(world, organization);
  for (const { id, users } of organizations) {
    for (const user of users) addFileUser(world, user, id);
  }
  return { world, adminToken, loginClientToken };
}

function addProjects(
  world: World,
  { id: organizationId, projects }: OrganizationFile,
): void {
  for (const { id, name, assertRoles, ...project } of projects) {
    world.projects.set(id, {
      id,
      organizationId,
      name,
      roleAssertion: assertRoles,
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
  const user = addUser(world, {
    ...fields,
    email: file.email ?? `${file.userName}@example.com`,
    organizationId,
    isMachine: !file.firstName && !file.lastName,
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
    const place = { projectId: project.id, organizationId };
    const [projectGrant] = rowsOf(world.projectGrants, place);
    world.userGrants.set(grant.id, {
      ...dated(),
      ...grant,
      ...place,
      userId: user.id,
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
  if (organizations.has(id) || rowsOf(organizations, { name }).length > 0) {
    throw alreadyExists("Organisation's name or id already taken");
  }
  const label = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const primaryDomain = `${label}.localhost`;
  const named = { id, name, primaryDomain };
  const organization = { ...dated(4), ...named, metadata: new Map() };
  organizations.set(id, organization);
  return organization;
}

/** Adds a user, whose name must be unused. */
export function addUser(
  world: World,
  fields:
    & Pick<User, "organizationId" | "userName" | "isMachine">
    & Partial<User>,
): User {
  const { userName, isMachine, firstName = "", lastName = "" } = fields;
  if (userNamed(world, userName)) throw alreadyExists("User already exists");
  const user: User = {
    ...dated(isMachine ? 1 : 2),
    id: newIdentifier(),
    firstName,
    lastName,
    email: "",
    description: "",
    name: isMachine ? userName : `${firstName} ${lastName}`,
    accessToken: "opaque",
    keys: new Map(),
    metadata: new Map(),
    ...fields,
  };
  world.users.set(user.id, user);
  return user;
}

export function addPersonalToken(
  world: World,
  { id: userId }: User,
  { token = newSecret(), expiresAt }: {
    token?: string;
    /** In seconds since 1970. */
    expiresAt?: number | undefined;
  },
): { tokenId: string; token: string } {
  const issuedAt = Math.floor(Date.now() / 1000);
  const id = newIdentifier();
  world.accessTokens.set(token, {
    id,
    userId,
    clientId: "",
    kind: "personal",
    issuedAt,
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
  value: Uint8Array,
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
