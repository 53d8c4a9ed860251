/**
 * The sandbox's own endpoints, for people and the inspector: its world, the
 * exchanges with targets, and the mapping in editable form.
 *
 * @module
 */
import { z } from "zod";
import type { RouteHandler } from "./route_handler.ts";
import type { Instance } from "./instance.ts";
import { removeMetadata, setMetadata } from "./metadata.ts";
import { Permissions } from "./world_file.ts";
import type { Organization } from "./world.ts";

const METADATA_PATH = /^\/_sandbox\/organizations\/([^/]+)\/metadata$/;
const NO_STORE = { headers: { "cache-control": "no-store" } };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const Key = z.string().min(1).max(200);

/** Role to permissions; a text is stored as it is. */
const Mapping = z.record(Key, Permissions);

/** Changes of single entries, each with the value that its author saw, in base64. */
const Changes = z.array(z.strictObject({
  key: Key,
  value: z.string().nullable(),
  before: z.string().nullable(),
}));

/** Creates the sandbox's own endpoints, all under `/_sandbox/`. */
export function createSandboxRoutes(instance: Instance): RouteHandler {
  return async (request) => {
    const { pathname } = new URL(request.url);
    const route = `${request.method} ${pathname}`;
    if (route === "GET /_sandbox/world") {
      return Response.json(worldView(instance), NO_STORE);
    }
    if (route === "GET /_sandbox/exchanges") {
      return Response.json(instance.exchanges, NO_STORE);
    }
    const id = METADATA_PATH.exec(pathname)?.[1];
    if (id === undefined) return undefined;
    const organization = instance.world.organizations.get(
      decodeURIComponent(id),
    );
    if (!organization) return failure("No such organization", 404);
    if (request.method === "PUT") {
      const parsed = Mapping.safeParse(await request.json().catch(() => null));
      if (!parsed.success) return failure(z.prettifyError(parsed.error), 400);
      replaceMapping(instance, organization, parsed.data);
    } else if (request.method === "PATCH") {
      const parsed = Changes.safeParse(await request.json().catch(() => null));
      if (!parsed.success) return failure(z.prettifyError(parsed.error), 400);
      // Not a 409: a browser logs that as an error of the page.
      const saved = changeEntries(instance, organization, parsed.data);
      return Response.json({ saved }, NO_STORE);
    } else if (request.method !== "GET") {
      return failure("Only GET, PUT and PATCH are known here", 405);
    }
    return Response.json(mappingOf(organization), NO_STORE);
  };
}

function failure(error: string, status: number): Response {
  return Response.json({ error }, { status });
}

function mappingOf(organization: Organization): Record<string, unknown> {
  return Object.fromEntries(
    [...organization.metadata].map(([key, { value }]) => {
      const text = decoder.decode(value);
      try {
        const list = z.array(z.string()).parse(JSON.parse(text));
        return [key, list];
      } catch {
        return [key, text];
      }
    }),
  );
}

function replaceMapping(
  instance: Instance,
  organization: Organization,
  mapping: z.infer<typeof Mapping>,
): void {
  const userId = instance.world.adminUserId;
  for (const key of [...organization.metadata.keys()]) {
    if (!Object.hasOwn(mapping, key)) {
      removeMetadata(instance, organization, { key, userId });
    }
  }
  for (const [key, permissions] of Object.entries(mapping)) {
    const text = typeof permissions === "string"
      ? permissions
      : JSON.stringify(permissions);
    setMetadata(instance, organization, {
      key,
      value: encoder.encode(text),
      userId,
    });
  }
}

/**
 * Changes single entries, all or none.
 *
 * @returns `false` if an entry is not as its author saw it.
 */
function changeEntries(
  instance: Instance,
  organization: Organization,
  changes: z.infer<typeof Changes>,
): boolean {
  const userId = instance.world.adminUserId;
  const isAsSeen = changes.every(({ key, before }) =>
    (organization.metadata.get(key)?.value.toBase64() ?? null) === before
  );
  if (!isAsSeen) return false;
  for (const { key, value } of changes) {
    if (value === null) removeMetadata(instance, organization, { key, userId });
    else {
      setMetadata(instance, organization, {
        key,
        value: encoder.encode(value),
        userId,
      });
    }
  }
  return true;
}

/** The world for display: no secrets, no tokens. */
function worldView({ world, release, origin }: Instance) {
  const projectName = (id: string) => world.projects.get(id)?.name;
  const organizationName = (id: string) => world.organizations.get(id)?.name;
  return {
    release,
    issuer: origin,
    organizations: [...world.organizations.values()].map((organization) => ({
      id: organization.id,
      name: organization.name,
      metadata: mappingOf(organization),
      entries: [...organization.metadata].map(([key, { value }]) => ({
        key,
        value: value.toBase64(),
      })),
    })),
    projects: [...world.projects.values()].map((project) => ({
      id: project.id,
      name: project.name,
      organizationId: project.organizationId,
      organization: organizationName(project.organizationId),
      assertsRoles: project.roleAssertion,
      roles: [...project.roles.keys()],
      grantedTo: [...world.projectGrants.values()]
        .filter(({ projectId }) => projectId === project.id)
        .map(({ organizationId, roles }) => ({ organizationId, roles })),
    })),
    apps: [...world.apps.values()].map((app) => ({
      id: app.id,
      name: app.name,
      clientId: app.clientId,
      projectId: app.projectId,
      project: projectName(app.projectId),
      kind: app.kind,
      accessToken: app.accessToken,
      redirectUris: app.redirectUris,
    })),
    users: [...world.users.values()].map((user) => ({
      id: user.id,
      userName: user.userName,
      displayName: user.human
        ? `${user.human.firstName} ${user.human.lastName}`
        : user.machine?.name,
      isMachine: user.machine !== undefined,
      organizationId: user.organizationId,
      organization: organizationName(user.organizationId),
      administrator: world.members.filter(({ userId }) => userId === user.id)
        .flatMap(({ roles }) => roles),
      grants: [...world.userGrants.values()]
        .filter(({ userId }) => userId === user.id)
        .map((grant) => ({
          projectId: grant.projectId,
          project: projectName(grant.projectId),
          organizationId: grant.organizationId,
          roles: grant.roles,
          active: grant.active,
        })),
    })),
    targets: [...world.targets.values()].map((target) => ({
      id: target.id,
      name: target.name,
      endpoint: target.endpoint,
      interruptOnError: target.interruptOnError,
      payloadType: target.payloadType,
    })),
    executions: [...world.executions.values()].map((execution) => ({
      condition: execution.condition,
      targets: execution.targets,
    })),
  };
}
