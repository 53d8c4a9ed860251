/**
 * A temporary organization with everything that a token with permissions needs:
 * a project, an application, users and a mapping.
 *
 * @module
 */
import type { Instance } from "./client.ts";
import { connect } from "./client.ts";
import { listMetadata, setMetadata } from "./metadata.ts";
import {
  createOrganization,
  listOrganizations,
  type Organization,
  removeOrganization,
} from "./organization.ts";
import { createApplication, createProject } from "./project.ts";
import {
  addMember,
  createAccessToken,
  createPerson,
  createSecret,
  createServiceUser,
  grantRoles,
} from "./user.ts";
import { waitUntil } from "../util/wait_until.ts";

type Mapping = Readonly<Record<string, readonly string[]>>;

/** The guide's mapping, used if the caller gives none. */
export const DEFAULT_MAPPING: Mapping = {
  admin: ["read:all", "write:all", "delete:all"],
  viewer: ["posts:read"],
};

/** The application's redirect address; nothing has to listen there. */
const REDIRECT_URI = "http://localhost:9000/callback";

/** A random password with what ZITADEL's default policy asks for. */
function randomPassword(): string {
  return `Aa1!${crypto.randomUUID()}`;
}

/** A temporary organization; disposing of it removes it. */
export type ScratchOrganization = Awaited<
  ReturnType<typeof createScratchOrganization>
>;

/**
 * Creates a world, and waits until everything in it can be read. If a step
 * fails, or the signal aborts, what was created is removed again.
 *
 * @example
 * ```ts
 * import { connect } from "./client.ts";
 * import { clientCredentials, roleScopes } from "./login.ts";
 * import { createScratchOrganization } from "./scratch_organization.ts";
 *
 * const instance = connect("http://localhost:8080", "token");
 * await using scratch = await createScratchOrganization(instance);
 * const { accessToken } = await clientCredentials(instance.origin, {
 *   ...scratch.robot,
 *   scope: roleScopes(scratch.project.id),
 * });
 * ```
 */
export async function createScratchOrganization(
  instance: Instance,
  options: {
    /** Role to permissions, as written to the metadata. */
    readonly mapping?: Mapping;
    readonly signal?: AbortSignal;
  } = {},
) {
  const { mapping = DEFAULT_MAPPING, signal } = options;
  const name = `scratch-${crypto.randomUUID().slice(0, 8)}`;
  const organization = await createOrganization(instance, name);
  const remove = () => removeOrganization(instance, organization.id);
  try {
    const parts = await fillOrganization(instance, organization, {
      mapping,
      signal,
    });
    return { organization, mapping, ...parts, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function fillOrganization(
  instance: Instance,
  { id: organization, name }: Organization,
  { mapping, signal }: {
    readonly mapping: Mapping;
    readonly signal: AbortSignal | undefined;
  },
) {
  const roles = Object.keys(mapping);
  const encoder = new TextEncoder();
  const entries = roles.map((key) => ({
    key,
    value: encoder.encode(JSON.stringify(mapping[key])),
  }));
  await setMetadata(instance, organization, entries);
  const project = await createProject(instance, organization, {
    name: "Shop",
    roles,
  });
  const { clientId } = await createApplication(instance, organization, {
    project: project.id,
    name: "Shop",
    redirectUri: REDIRECT_URI,
  });
  signal?.throwIfAborted();

  const serviceUser = (userName: string) =>
    createServiceUser(instance, organization, userName);
  const secretOf = (user: string) => createSecret(instance, organization, user);
  const robot = await serviceUser(`robot-${name}`);
  const loginName = `alice-${name}`;
  const password = randomPassword();
  const person = await createPerson(instance, organization, {
    userName: loginName,
    password,
  });
  for (const user of [robot, person]) {
    const grant = { user, project: project.id, roles };
    await grantRoles(instance, organization, grant);
  }
  const robotSecret = await secretOf(robot);
  signal?.throwIfAborted();

  const reader = await serviceUser(`reader-${name}`);
  await addMember(instance, organization, {
    user: reader,
    role: "ORG_OWNER_VIEWER",
  });
  const readerSecret = await secretOf(reader);
  const token = await createAccessToken(instance, organization, reader);

  const asReader = connect(instance.origin, token);
  await waitUntil(async () => {
    const [visible] = await listOrganizations(asReader, { id: organization });
    const { entries } = await listMetadata(asReader, organization);
    return visible !== undefined && entries.length === roles.length;
  }, { what: "the new organization can be read", ...(signal && { signal }) });

  return {
    project: { id: project.id },
    /** A single-page application with JWT access tokens. */
    application: { clientId, redirectUri: REDIRECT_URI },
    /** A service user with every role and JWT access tokens. */
    robot: { id: robot, ...robotSecret },
    person: { id: person, loginName, password },
    /** A service user who may read the organization: the function's credential. */
    reader: { id: reader, token, ...readerSecret },
  };
}
