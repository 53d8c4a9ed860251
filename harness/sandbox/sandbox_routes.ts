/**
 * The sandbox's own endpoints, for people and the inspector: its world, the
 * exchanges with targets, and the mapping in editable form.
 *
 * @module
 */
import { Hono } from "hono";
import { z } from "zod";
import { sleep } from "../util/sleep.ts";
import { bearerToken, findAccessToken } from "./authorize.ts";
import type { Instance } from "./instance.ts";
import { issueTokens } from "./issue_tokens.ts";
import { OAuthError, oauthErrorResponse } from "./oauth_error.ts";
import { removeMetadata, setMetadata } from "./metadata.ts";
import { Permissions } from "./world_file.ts";
import type { Organization } from "./world.ts";

const Key = z.string().min(1).max(200);

/** Role to permissions; a text is stored as it is. */
const Mapping = z.record(Key, Permissions);

/** Changes of single entries, each with the value that its author saw, in base64. */
const Changes = z.array(z.strictObject({
  key: Key,
  value: z.string().nullable(),
  before: z.string().nullable(),
}));

/** A service user that gets a token without its secret. */
const TokenRequest = z.strictObject({ user: z.string(), scope: z.string() });

/** How long a change waits until its events are delivered, in milliseconds. */
const EVENT_WAIT_MS = 1000;

type Env = { Variables: { organization: Organization } };

/** Creates the sandbox's own endpoints, all under `/_sandbox/`. */
export function createSandboxRoutes(instance: Instance): Hono<Env> {
  const app = new Hono<Env>().basePath("/_sandbox");
  app.use(async (c, next) => {
    await next();
    c.header("cache-control", "no-store");
  });
  app.get("/world", (c) => c.json(worldView(instance)));
  app.get("/exchanges", (c) => c.json(instance.exchanges));
  // What led to a token, for its holder; `null` for a token of others.
  app.get("/tokens", async (c) => {
    const presented = bearerToken(c.req.header("authorization") ?? null);
    const found = await findAccessToken(instance, presented);
    if (!found) return c.json(null);
    const { id, clientId, scopes } = found;
    const exchanges = instance.exchanges.filter(({ token }) => token === id);
    return c.json({ clientId, scope: scopes.join(" "), exchanges });
  });
  app.post("/tokens", async (c) => {
    const { data } = TokenRequest.safeParse(await c.req.json().catch(() => 0));
    const user = instance.world.users.get(data?.user ?? "");
    if (!user?.machine) return c.json({ error: "No such service user" }, 404);
    const scopes = data!.scope.split(" ").filter(Boolean);
    try {
      return c.json(await issueTokens(instance, { user, scopes }));
    } catch (error) {
      if (error instanceof OAuthError) return oauthErrorResponse(error);
      throw error;
    }
  });
  const metadata = "/organizations/:id/metadata";
  app.use(metadata, async (c, next) => {
    const id = c.req.param("id") ?? "";
    const organization = instance.world.organizations.get(id);
    if (!organization) return c.json({ error: "No such organization" }, 404);
    c.set("organization", organization);
    return await next();
  });
  app.get(metadata, (c) => c.json(mappingOf(c.var.organization)));
  app.put(metadata, async (c) => {
    const parsed = Mapping.safeParse(await c.req.json().catch(() => null));
    if (!parsed.success) {
      return c.json({ error: z.prettifyError(parsed.error) }, 400);
    }
    const { organization } = c.var;
    for (const key of [...organization.metadata.keys()]) {
      if (!Object.hasOwn(parsed.data, key)) {
        change(instance, organization, key, null);
      }
    }
    for (const [key, permissions] of Object.entries(parsed.data)) {
      const text = typeof permissions === "string"
        ? permissions
        : JSON.stringify(permissions);
      change(instance, organization, key, text);
    }
    return c.json(mappingOf(organization));
  });
  app.patch(metadata, async (c) => {
    const parsed = Changes.safeParse(await c.req.json().catch(() => null));
    if (!parsed.success) {
      return c.json({ error: z.prettifyError(parsed.error) }, 400);
    }
    const { organization } = c.var;
    const saved = parsed.data.every(({ key, before }) =>
      (organization.metadata.get(key)?.value.toBase64() ?? null) === before
    );
    const before = new Set(instance.exchanges);
    for (const { key, value } of saved ? parsed.data : []) {
      change(instance, organization, key, value);
    }
    const waited = new AbortController();
    await Promise.race([
      Promise.all(instance.pending),
      sleep(EVENT_WAIT_MS, waited.signal).catch(() => {}),
    ]);
    waited.abort();
    const told = instance.exchanges.some((exchange) =>
      !before.has(exchange) && exchange.condition.startsWith("org.metadata.") &&
      exchange.reply?.status === 200
    );
    // Not a 409: a browser logs that as an error of the page.
    return c.json({ saved, told });
  });
  return app;
}

/** Sets an entry; `null` removes it. */
function change(
  instance: Instance,
  organization: Organization,
  key: string,
  text: string | null,
): void {
  const { adminUserId } = instance.world;
  if (text === null) removeMetadata(instance, organization, key, adminUserId);
  else {
    const value = new TextEncoder().encode(text);
    setMetadata(instance, organization, { key, value }, adminUserId);
  }
}

const Names = z.array(z.string());

function mappingOf({ metadata }: Organization): Record<string, unknown> {
  return Object.fromEntries(Array.from(metadata, ([key, { value }]) => {
    const text = new TextDecoder().decode(value);
    try {
      return [key, Names.parse(JSON.parse(text))];
    } catch {
      return [key, text];
    }
  }));
}

/** The world for display: no secrets, no tokens. */
function worldView({ world, origin }: Instance) {
  const { organizations, projects, apps, users, userGrants } = world;
  return {
    issuer: origin,
    organizations: Array.from(organizations.values(), (organization) => ({
      id: organization.id,
      name: organization.name,
      entries: Array.from(
        organization.metadata,
        ([key, { value, changed }]) => ({
          key,
          value: value.toBase64(),
          changed: changed.getTime(),
        }),
      ),
    })),
    projects: Array.from(projects.values(), ({ roles, ...project }) => ({
      id: project.id,
      name: project.name,
      organizationId: project.organizationId,
      assertsRoles: project.roleAssertion,
      roles: [...roles],
    })),
    apps: Array.from(
      apps.values(),
      ({ clientSecret: _, ...app }) => app,
    ),
    users: Array.from(users.values(), ({ human, machine, ...user }) => ({
      id: user.id,
      userName: user.userName,
      displayName: human
        ? `${human.firstName} ${human.lastName}`
        : machine?.name,
      isMachine: machine !== undefined,
      organizationId: user.organizationId,
      organization: organizations.get(user.organizationId)?.name,
      grants: [...userGrants.values()]
        .filter(({ userId }) => userId === user.id)
        .map(({ projectId, organizationId, roles, active }) => ({
          ...{ projectId, organizationId, roles, active },
          project: projects.get(projectId)?.name,
        })),
    })),
  };
}
