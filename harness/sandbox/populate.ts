import type { JWK } from "jose";
import { newIdentifier, newSecret } from "./identifier.ts";
import { PERSONAL_TOKEN_SCOPES } from "./scopes.ts";
import { addOrganization } from "./services/organizations.ts";
import type { OrganizationFile, UserFile, WorldFile } from "./world_file.ts";
import {
  dated,
  emptyWorld,
  type MetadataEntry,
  type User,
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
export function populate(file: WorldFile): Populated {
  const world = emptyWorld();
  const own = addOrganization(world, { name: "ZITADEL" });
  world.projects.set(world.zitadelProjectId, {
    id: world.zitadelProjectId,
    organizationId: own.id,
    name: "ZITADEL",
    roleAssertion: false,
    roles: new Set(),
  });
  const serviceUser = (id: string, userName: string, role: string) => {
    const user: User = {
      ...dated(),
      ...{ id, userName, organizationId: own.id, metadata: new Map() },
      machine: { name: userName, accessToken: "opaque", keys: new Map() },
    };
    world.users.set(id, user);
    addMembers(world, user, [role]);
    const token = newSecret(TOKEN_LENGTH);
    addPersonalToken(world, user, token);
    return token;
  };
  const adminToken = serviceUser(world.adminUserId, "admin-sa", "IAM_OWNER");
  const loginClientToken = serviceUser(
    newIdentifier(),
    "login-client",
    "IAM_LOGIN_CLIENT",
  );
  // Organizations and projects come first: users may hold grants of another
  // organization's project.
  const organizations = file.organizations.map((organization) => {
    const added = addOrganization(world, organization);
    for (const [key, value] of Object.entries(organization.metadata)) {
      added.sequence++;
      const text = typeof value === "string" ? value : JSON.stringify(value);
      added.metadata.set(key, metadataEntry(text, added.sequence));
    }
    return [organization, added] as const;
  });
  for (const [organization, { id }] of organizations) {
    addProjects(world, organization, id);
  }
  for (const [{ users }, { id }] of organizations) {
    for (const user of users) addUser(world, user, id);
  }
  return { world, adminToken, loginClientToken };
}

function metadataEntry(text: string, sequence: number): MetadataEntry {
  return { ...dated(sequence), value: new TextEncoder().encode(text) };
}

function addProjects(
  world: World,
  file: OrganizationFile,
  organizationId: string,
): void {
  for (const project of file.projects) {
    const { id: projectId = newIdentifier(), name, assertRoles } = project;
    world.projects.set(projectId, {
      ...{ id: projectId, organizationId, name, roleAssertion: assertRoles },
      roles: new Set(project.roles),
    });
    for (const app of project.apps) {
      const { id = newIdentifier(), clientId = newIdentifier() } = app;
      const { clientSecret, ...others } = app;
      world.apps.set(id, {
        ...others,
        ...{ id, clientId, projectId },
        kind: app.redirectUris.length > 0 ? "oidc" : "api",
        ...clientSecret !== undefined && { clientSecret },
      });
    }
    for (const granted of project.grantedTo) {
      const { id = newIdentifier(), organization, roles } = granted;
      const organizationId =
        named(world.organizations, "organization", organization).id;
      world.projectGrants.set(id, { id, projectId, organizationId, roles });
    }
  }
}

function addUser(world: World, file: UserFile, organizationId: string): void {
  const { id = newIdentifier(), userName, firstName, lastName } = file;
  const isHuman = firstName !== undefined || lastName !== undefined;
  const user: User = {
    ...dated(2),
    ...{ id, organizationId, userName },
    metadata: new Map(
      Object.entries(file.metadata).map(([key, text], index) =>
        [key, metadataEntry(text, 3 + index)] as const
      ),
    ),
    ...isHuman
      ? {
        human: {
          firstName: firstName ?? "",
          lastName: lastName ?? "",
          email: file.email ?? `${userName}@example.com`,
          ...file.password !== undefined && { password: file.password },
        },
      }
      : {
        machine: {
          name: userName,
          accessToken: file.accessToken,
          ...file.secret !== undefined && { secret: file.secret },
          keys: new Map(file.keys.map((key) => [key.kid, key as JWK])),
        },
      },
  };
  world.users.set(id, user);
  addMembers(world, user, file.administrator);
  for (const token of file.tokens) addPersonalToken(world, user, token);
  for (const grant of file.grants) {
    const project = named(world.projects, "project", grant.project);
    const projectGrant = world.projectGrants.values().find((it) =>
      it.projectId === project.id && it.organizationId === organizationId
    );
    const { id = newIdentifier(), roles, active } = grant;
    world.userGrants.set(id, {
      ...dated(),
      ...{ id, userId: user.id, projectId: project.id, roles, active },
      ...projectGrant && { projectGrantId: projectGrant.id },
      organizationId: projectGrant ? organizationId : project.organizationId,
    });
  }
}

function addMembers(
  world: World,
  { id: userId, organizationId }: User,
  roles: readonly string[],
): void {
  for (const role of roles) {
    const place = role.startsWith("IAM_") ? {} : { organizationId };
    world.members.push({ userId, ...place, roles: [role] });
  }
}

export function addPersonalToken(
  world: World,
  { id: userId }: User,
  token: string,
): string {
  const now = Math.floor(Date.now() / 1000);
  const id = newIdentifier();
  world.accessTokens.set(token, {
    ...{ id, userId, clientId: "", kind: "personal" },
    scopes: [...PERSONAL_TOKEN_SCOPES],
    audience: [world.zitadelProjectId],
    issuedAt: now,
    expiresAt: now + PERSONAL_TOKEN_SECONDS,
  });
  return id;
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
