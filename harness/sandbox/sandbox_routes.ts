/**
 * The sandbox's own endpoints, for people and the inspector: its world, the
 * exchanges with targets, and the mapping in editable form.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { sleep } from "../util/sleep.ts";
import { bearerToken, findAccess } from "./authorize.ts";
import type { Instance } from "./instance.ts";
import { issueTokens } from "./issue_tokens.ts";
import { changeMetadata } from "./metadata.ts";
import { Permissions } from "./world_file.ts";
import { type Organization, rowsOf } from "./world.ts";

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
  app.get("/world", (c) => c.json(worldView(instance)));
  app.get("/exchanges", (c) => c.json(instance.exchanges));
  // What led to a token, for its holder; `null` for a token of others.
  app.get("/tokens", async (c) => {
    const presented = bearerToken(c.req.header("authorization") ?? "");
    const found = await findAccess(instance, presented);
    if (!found) return c.json(null);
    const { id, clientId, scopes } = found.token;
    const exchanges = instance.exchanges.filter(({ token }) => token === id);
    return c.json({ clientId, scope: scopes.join(" "), exchanges });
  });
  app.post("/tokens", async (c) => {
    const { data, refusal } = await parseBody(c, TokenRequest);
    if (!data) return refusal;
    const user = instance.world.users.get(data.user);
    if (!user?.isMachine) return c.json({ error: "No such service user" }, 404);
    const scopes = data.scope.split(" ").filter(Boolean);
    return c.json(await issueTokens(instance, { user, scopes }));
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
    const { data, refusal } = await parseBody(c, Mapping);
    if (!data) return refusal;
    const { organization } = c.var;
    const removed = [...organization.metadata.keys()]
      .filter((key) => !Object.hasOwn(data, key));
    for (const key of removed) change(instance, organization, key, null);
    for (const [key, value] of Object.entries(data)) {
      const text = typeof value === "string" ? value : JSON.stringify(value);
      change(instance, organization, key, text);
    }
    return c.json(mappingOf(organization));
  });
  app.patch(metadata, async (c) => {
    const { data, refusal } = await parseBody(c, Changes);
    if (!data) return refusal;
    const { organization } = c.var;
    const saved = data.every(({ key, before }) =>
      (organization.metadata.get(key)?.value.toBase64() ?? null) === before
    );
    const { exchanges, pending } = instance;
    const before = new Set(exchanges);
    for (const { key, value } of saved ? data : []) {
      change(instance, organization, key, value);
    }
    const waited = new AbortController();
    await Promise.race([
      Promise.all(pending),
      sleep(EVENT_WAIT_MS, waited.signal).catch(() => {}),
    ]);
    waited.abort();
    const told = exchanges.some((it) =>
      !before.has(it) && it.condition.startsWith("org.metadata.") &&
      it.reply?.status === 200
    );
    // Not a 409: a browser logs that as an error of the page.
    return c.json({ saved, told });
  });
  return app;
}

async function parseBody<Data>(c: Context<Env>, schema: z.ZodType<Data>) {
  const body: unknown = await c.req.json().catch(() => null);
  const { data, error } = schema.safeParse(body);
  const text = error ? z.prettifyError(error) : "";
  return { data, refusal: c.json({ error: text }, 400) };
}

/** Sets an entry; `null` removes it. */
function change(
  instance: Instance,
  organization: Organization,
  key: string,
  text: string | null,
): void {
  const value = text === null ? undefined : new TextEncoder().encode(text);
  const { adminUserId } = instance.world;
  changeMetadata(instance, organization, [key, value], adminUserId);
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
function worldView({ world, origin: issuer }: Instance) {
  const { organizations, projects, apps, users, userGrants } = world;
  return {
    issuer,
    organizations: Array.from(
      organizations.values(),
      ({ id, name, metadata }) => ({
        ...{ id, name },
        entries: Array.from(metadata, ([key, { value, changed }]) => (
          { key, value: value.toBase64(), changed: changed.getTime() }
        )),
      }),
    ),
    projects: [...projects.values()],
    apps: Array.from(apps.values(), ({ clientSecret: _, ...app }) => app),
    users: Array.from(
      users.values(),
      ({ id, userName, name: displayName, isMachine, organizationId }) => ({
        ...{ id, userName, displayName, isMachine, organizationId },
        organization: organizations.get(organizationId)?.name,
        grants: rowsOf(userGrants, { userId: id }).map((grant) => (
          { ...grant, project: projects.get(grant.projectId)?.name }
        )),
      }),
    ),
  };
}
