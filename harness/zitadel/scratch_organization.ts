/**
 * Organizations for a while, with all that tokens with permissions need: created
 * as planned, and removed with everything in them.
 *
 * @module
 */
import { waitUntil } from "../util/wait_until.ts";
import { connect, type Instance } from "./client.ts";
import { listMetadata, setMetadata } from "./metadata.ts";
import {
  createOrganization,
  listOrganizations,
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

/** The guide's mapping. */
export const DEFAULT_MAPPING: Readonly<Record<string, readonly string[]>> = {
  admin: ["read:all", "write:all", "delete:all"],
  viewer: ["posts:read"],
};

/** The redirect address of every application; nothing has to listen there. */
export const REDIRECT_URI = "http://localhost:9000/callback";

type ByName<Value> = Readonly<Record<string, Value>>;

/** What to create. Everything has a name, by which the rest refers to it. */
export interface ScratchPlan {
  /** By organization: its metadata, as text. */
  readonly organizations: ByName<ByName<string>>;
  /** By project; the owner is an organization. */
  readonly projects: ByName<{
    readonly owner: string;
    readonly roles: readonly string[];
    readonly assertsRoles?: boolean;
  }>;
  /** By application. */
  readonly applications: ByName<{
    readonly project: string;
    readonly accessTokens?: "jwt" | "opaque";
  }>;
  /** By user: the organization. */
  readonly people: ByName<string>;
  /** By user: the organization. Each has a secret and a personal access token. */
  readonly serviceUsers: ByName<string>;
  readonly members: readonly (readonly [
    user: string,
    organization: string,
    role: string,
  ])[];
  /** Given by the organization that owns the project. */
  readonly grants: readonly (readonly [
    user: string,
    project: string,
    roles: readonly string[],
  ])[];
}

/** What creates a part of the plan works with. */
type Draft = ReturnType<typeof draftOf>;

function draftOf(instance: Instance, plan: ScratchPlan, signal?: AbortSignal) {
  const ids = new Map<string, string>();
  const id = (name: string) => {
    const found = ids.get(name);
    if (found === undefined) throw new Error(`The plan has no ${name}`);
    return found;
  };
  return {
    ...{ instance, plan, id },
    /** The end of the names of organizations and users, so that runs do not collide. */
    suffix: crypto.randomUUID().slice(0, 5),
    /** Every person's: what ZITADEL's default policy asks for. */
    password: `Aa1!${crypto.randomUUID()}`,
    /** By kind and name: `organization acme`, `client storefront`. */
    ids,
    /** Keeps an id under its name. */
    keep(name: string, id: string) {
      ids.set(name, id);
      signal?.throwIfAborted();
    },
    /** The organization that owns a project. */
    ownerOf: (name: string) => id(`organization ${plan.projects[name]!.owner}`),
  };
}

/** If a step fails, or the signal aborts, what was created is removed again. */
export async function createScratch(
  instance: Instance,
  plan: ScratchPlan,
  signal?: AbortSignal,
) {
  await using stack = new AsyncDisposableStack();
  const draft = draftOf(instance, plan, signal);
  await createOrganizations(draft, stack);
  await createProjects(draft);
  const serviceUsers = await createUsers(draft);
  const created = stack.move();
  const { suffix, ids, id, password } = draft;
  return {
    ...{ suffix, ids, id, password },
    serviceUser: (name: string) => serviceUsers[name]!,
    [Symbol.asyncDispose]: () => created.disposeAsync(),
  };
}

async function createOrganizations(
  { instance, plan, suffix, keep }: Draft,
  stack: AsyncDisposableStack,
): Promise<void> {
  for (const [name, metadata] of Object.entries(plan.organizations)) {
    const { id } = await createOrganization(instance, `${name} ${suffix}`);
    stack.defer(() => removeOrganization(instance, id));
    keep(`organization ${name}`, id);
    const entries = Object.entries(metadata).map(([key, text]) => (
      { key, value: new TextEncoder().encode(text) }
    ));
    if (entries.length > 0) await setMetadata(instance, id, entries);
  }
}

async function createProjects(
  { instance, plan, keep, id, ownerOf }: Draft,
): Promise<void> {
  for (const [name, project] of Object.entries(plan.projects)) {
    const options = { ...project, name };
    const created = await createProject(instance, ownerOf(name), options);
    keep(`project ${name}`, created.id);
  }
  for (const [name, application] of Object.entries(plan.applications)) {
    const owner = ownerOf(application.project);
    const project = id(`project ${application.project}`);
    const options = { name, project, redirectUri: REDIRECT_URI };
    const created = { ...application, ...options };
    const { clientId } = await createApplication(instance, owner, created);
    keep(`client ${name}`, clientId);
  }
}

async function createUsers(
  { instance, plan, suffix, password, keep, id, ownerOf }: Draft,
) {
  for (const [name, organization] of Object.entries(plan.people)) {
    const owner = id(`organization ${organization}`);
    const options = { userName: `${name}-${suffix}`, password };
    keep(`user ${name}`, await createPerson(instance, owner, options));
  }
  const serviceUsers: Record<
    string,
    { token: string; clientId: string; clientSecret: string }
  > = {};
  for (const [name, organization] of Object.entries(plan.serviceUsers)) {
    const owner = id(`organization ${organization}`);
    const userName = `${name}-${suffix}`;
    const user = await createServiceUser(instance, owner, userName);
    keep(`user ${name}`, user);
    serviceUsers[name] = {
      token: await createAccessToken(instance, owner, user),
      ...await createSecret(instance, owner, user),
    };
  }
  for (const [name, organization, role] of plan.members) {
    const member = { user: id(`user ${name}`), role };
    await addMember(instance, id(`organization ${organization}`), member);
  }
  for (const [name, projectName, roles] of plan.grants) {
    const grant = { user: id(`user ${name}`), roles };
    const project = id(`project ${projectName}`);
    await grantRoles(instance, ownerOf(projectName), { ...grant, project });
  }
  return serviceUsers;
}

/**
 * Creates an organization with a mapping, a project, an application, a person and
 * two service users, and waits until it can be read: `robot` has every role and JWT
 * access tokens, `reader` may read the organization, as the function's credential.
 * Disposing of the result removes it.
 */
export async function createScratchOrganization(
  instance: Instance,
  { signal }: { readonly signal?: AbortSignal } = {},
) {
  const roles = Object.keys(DEFAULT_MAPPING);
  const metadata = Object.fromEntries(
    roles.map((role) => [role, JSON.stringify(DEFAULT_MAPPING[role])]),
  );
  await using stack = new AsyncDisposableStack();
  const { id, suffix, password, serviceUser } = stack.use(
    await createScratch(instance, {
      organizations: { scratch: metadata },
      projects: { Shop: { owner: "scratch", roles } },
      applications: { Shop: { project: "Shop" } },
      people: { alice: "scratch" },
      serviceUsers: { robot: "scratch", reader: "scratch" },
      members: [["reader", "scratch", "ORG_OWNER_VIEWER"]],
      grants: [["robot", "Shop", roles], ["alice", "Shop", roles]],
    }, signal),
  );
  const organization = {
    id: id("organization scratch"),
    name: `scratch ${suffix}`,
  };
  const reader = { id: id("user reader"), ...serviceUser("reader") };
  const asReader = connect(instance.origin, reader.token);
  await waitUntil(async () => {
    const [visible] = await listOrganizations(asReader, {
      id: organization.id,
    });
    const { entries } = await listMetadata(asReader, organization.id);
    return visible !== undefined && entries.length === roles.length;
  }, { what: "the new organization can be read", ...signal && { signal } });
  const created = stack.move();
  return {
    organization,
    /** Role to permissions, as written to the metadata. */
    mapping: DEFAULT_MAPPING,
    project: { id: id("project Shop") },
    application: { clientId: id("client Shop"), redirectUri: REDIRECT_URI },
    robot: { id: id("user robot"), ...serviceUser("robot") },
    reader,
    person: {
      id: id("user alice"),
      loginName: `alice-${suffix}`,
      password,
    },
    [Symbol.asyncDispose]: () => created.disposeAsync(),
  };
}
