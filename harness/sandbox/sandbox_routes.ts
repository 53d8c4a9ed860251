/**
 * The sandbox's own endpoints, for people and the inspector: its world, the
 * exchanges with targets, and changes of the mapping.
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
import { rowsOf } from "./world.ts";

/** Changes of single entries, each with the value that its author saw, in base64; `null` is none. */
const Changes = z.array(z.strictObject({
  key: z.string().min(1).max(200),
  value: z.string().nullable(),
  before: z.string().nullable(),
}));

/** A service user that gets a token without its secret. */
const TokenRequest = z.strictObject({ user: z.string(), scope: z.string() });

/** How long a change waits until its events are delivered, in milliseconds. */
const EVENT_WAIT_MS = 1000;

/** Creates the sandbox's own endpoints, all under `/_sandbox/`. */
export function createSandboxRoutes(instance: Instance): Hono {
  const app = new Hono().basePath("/_sandbox");
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
  app.patch("/organizations/:id/metadata", async (c) => {
    const organization = instance.world.organizations.get(c.req.param("id"));
    if (!organization) return c.json({ error: "No such organization" }, 404);
    const { data, refusal } = await parseBody(c, Changes);
    if (!data) return refusal;
    const saved = data.every(({ key, before }) =>
      (organization.metadata.get(key)?.value.toBase64() ?? null) === before
    );
    const { exchanges, pending } = instance;
    const before = new Set(exchanges);
    const { adminUserId } = instance.world;
    for (const { key, value: text } of saved ? data : []) {
      const value = text === null ? undefined : new TextEncoder().encode(text);
      changeMetadata(instance, organization, [key, value], adminUserId);
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

async function parseBody<Data>(c: Context, schema: z.ZodType<Data>) {
  const body: unknown = await c.req.json().catch(() => null);
  const { data, error } = schema.safeParse(body);
  const text = error ? z.prettifyError(error) : "";
  return { data, refusal: c.json({ error: text }, 400) };
}

/** The world for display: no secrets, no tokens. */
function worldView({ world, origin: issuer }: Instance) {
  const { organizations, projects, apps, users, userGrants } = world;
  return {
    issuer,
    organizations: Array.from(
      organizations.values(),
      ({ id, name, metadata }) => ({
        id,
        name,
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
        id,
        userName,
        displayName,
        isMachine,
        organizationId,
        organization: organizations.get(organizationId)?.name,
        grants: rowsOf(userGrants, { userId: id }).map((grant) => (
          { ...grant, project: projects.get(grant.projectId)?.name }
        )),
      }),
    ),
  };
}
