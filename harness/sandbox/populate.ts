import type { JWK } from "jose";
import { newIdentifier } from "./identifier.ts";
import { PERSONAL_TOKEN_SCOPES } from "./scopes.ts";
import type { OrganizationFile, UserFile, WorldFile } from "./world_file.ts";
import { dated } from "./dated.ts";
import {
  emptyWorld,
  type MetadataEntry,
  type Organization,
  type Project,
  type User,
  type World,
} from "./world.ts";

/** The lifetime of the world file's personal access tokens, in seconds. */
const PERSONAL_TOKEN_SECONDS = 10 * 365 * 24 * 3600;

const encoder = new TextEncoder();

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
export function populate(file: WorldFile): Populated {
  const world = emptyWorld();
  const own = addOrganization(world, { name: "ZITADEL" });
  world.projects.set(world.zitadelProjectId, {
    ...dated(),
    id: world.zitadelProjectId,
    organizationId: own.id,
    name: "ZITADEL",
    roleAssertion: false,
    roles: new Map(),
  });
  const adminToken = addServiceUser(world, own, {
    id: world.adminUserId,
    userName: "admin-sa",
    role: "IAM_OWNER",
  });
  const loginClientToken = addServiceUser(world, own, {
    id: newIdentifier(),
    userName: "login-client",
    role: "IAM_LOGIN_CLIENT",
  });
  // Organizations and projects come first: users may hold grants of another
  // organization's project.
  const organizations = file.organizations.map((organization) =>
    addOrganization(world, organization)
  );
  for (const [index, organization] of file.organizations.entries()) {
    addProjects(world, organization, organizations[index]!);
  }
  for (const [index, organization] of file.organizations.entries()) {
    for (const user of organization.users) {
      addUser(world, user, organizations[index]!);
    }
  }
  return { world, adminToken, loginClientToken };
}

function addOrganization(
  world: World,
  file: Pick<OrganizationFile, "name"> & Partial<OrganizationFile>,
): Organization {
  const organization: Organization = {
    ...dated(4),
    id: file.id ?? newIdentifier(),
    name: file.name,
    primaryDomain: primaryDomain(file.name),
    metadata: new Map(),
  };
  for (const [key, value] of Object.entries(file.metadata ?? {})) {
    organization.sequence++;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    organization.metadata.set(key, metadataEntry(text, organization.sequence));
  }
  world.organizations.set(organization.id, organization);
  return organization;
}

/** Returns the domain that ZITADEL gives a new organization. */
export function primaryDomain(name: string): string {
  const label = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return `${label}.localhost`;
}

function metadataEntry(text: string, sequence: number): MetadataEntry {
  return { ...dated(sequence), value: encoder.encode(text) };
}

function addProjects(
  world: World,
  file: OrganizationFile,
  organization: Organization,
): void {
  for (const project of file.projects) {
    const id = project.id ?? newIdentifier();
    world.projects.set(id, {
      ...dated(),
      id,
      organizationId: organization.id,
      name: project.name,
      roleAssertion: project.assertRoles,
      roles: new Map(
        project.roles.map((
          key,
        ) => [key, { ...dated(), key, displayName: key, group: "" }]),
      ),
    });
    for (const app of project.apps) {
      const appId = app.id ?? newIdentifier();
      world.apps.set(appId, {
        ...dated(),
        id: appId,
        projectId: id,
        name: app.name,
        kind: app.redirectUris.length > 0 ? "oidc" : "api",
        clientId: app.clientId ?? newIdentifier(),
        ...(app.clientSecret !== undefined &&
          { clientSecret: app.clientSecret }),
        redirectUris: [...app.redirectUris],
        postLogoutRedirectUris: [...app.postLogoutRedirectUris],
        accessToken: app.accessToken,
        accessTokenRoleAssertion: false,
        idTokenRoleAssertion: false,
      });
    }
    for (const granted of project.grantedTo) {
      const grantId = granted.id ?? newIdentifier();
      world.projectGrants.set(grantId, {
        ...dated(),
        id: grantId,
        projectId: id,
        organizationId: organizationNamed(world, granted.organization).id,
        roles: [...granted.roles],
      });
    }
  }
}

function addUser(
  world: World,
  file: UserFile,
  organization: Organization,
): void {
  const isHuman = file.firstName !== undefined || file.lastName !== undefined;
  const user: User = {
    ...dated(2),
    id: file.id ?? newIdentifier(),
    organizationId: organization.id,
    userName: file.userName,
    metadata: new Map(
      Object.entries(file.metadata).map(([key, text], index) =>
        [key, metadataEntry(text, 3 + index)] as const
      ),
    ),
  };
  if (isHuman) {
    user.human = {
      firstName: file.firstName ?? "",
      lastName: file.lastName ?? "",
      email: file.email ?? `${file.userName}@example.com`,
      ...(file.password !== undefined && { password: file.password }),
    };
  } else {
    user.machine = {
      name: file.userName,
      accessToken: file.accessToken,
      ...(file.secret !== undefined && { secret: file.secret }),
      keys: new Map(file.keys.map((key) => [key.kid, key as JWK])),
    };
  }
  world.users.set(user.id, user);
  addMembers(world, user, file.administrator);
  for (const token of file.tokens) addPersonalToken(world, user, token);
  for (const grant of file.grants) {
    const project = projectNamed(world, grant.project);
    const projectGrant = [...world.projectGrants.values()].find((candidate) =>
      candidate.projectId === project.id &&
      candidate.organizationId === organization.id
    );
    const id = grant.id ?? newIdentifier();
    world.userGrants.set(id, {
      ...dated(),
      id,
      userId: user.id,
      projectId: project.id,
      ...(projectGrant && { projectGrantId: projectGrant.id }),
      organizationId: projectGrant ? organization.id : project.organizationId,
      roles: [...grant.roles],
      active: grant.active,
    });
  }
}

function addServiceUser(
  world: World,
  organization: Organization,
  { id, userName, role }: { id: string; userName: string; role: string },
): string {
  const user: User = {
    ...dated(),
    id,
    organizationId: organization.id,
    userName,
    machine: { name: userName, accessToken: "opaque", keys: new Map() },
    metadata: new Map(),
  };
  world.users.set(id, user);
  addMembers(world, user, [role]);
  const token = crypto.getRandomValues(new Uint8Array(48)).toBase64({
    alphabet: "base64url",
  });
  addPersonalToken(world, user, token);
  return token;
}

function addMembers(world: World, user: User, roles: readonly string[]): void {
  const ofInstance = roles.filter((role) => role.startsWith("IAM_"));
  const ofOrganization = roles.filter((role) => !role.startsWith("IAM_"));
  if (ofInstance.length > 0) {
    world.members.push({ userId: user.id, roles: ofInstance });
  }
  if (ofOrganization.length > 0) {
    world.members.push({
      userId: user.id,
      organizationId: user.organizationId,
      roles: ofOrganization,
    });
  }
}

export function addPersonalToken(
  world: World,
  user: User,
  token: string,
): string {
  const now = Math.floor(Date.now() / 1000);
  const id = newIdentifier();
  world.accessTokens.set(token, {
    id,
    userId: user.id,
    clientId: "",
    scopes: [...PERSONAL_TOKEN_SCOPES],
    audience: [world.zitadelProjectId],
    issuedAt: now,
    expiresAt: now + PERSONAL_TOKEN_SECONDS,
    kind: "personal",
  });
  return id;
}

function organizationNamed(world: World, name: string): Organization {
  for (const organization of world.organizations.values()) {
    if (organization.name === name) return organization;
  }
  throw new Error(
    `Cannot find the organization "${name}" that the world file refers to`,
  );
}

function projectNamed(world: World, name: string): Project {
  for (const project of world.projects.values()) {
    if (project.name === name) return project;
  }
  throw new Error(
    `Cannot find the project "${name}" that the world file refers to`,
  );
}
