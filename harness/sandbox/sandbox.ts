import { Hono } from "hono";
import { createApi } from "./api.ts";
import { type Instance, ownWebKey } from "./instance.ts";
import { localAccess } from "./local_access.ts";
import { OAuthError } from "./oauth_error.ts";
import { createOidcProvider, type OidcProvider } from "./oidc_provider.ts";
import { createOidcRoutes } from "./oidc_routes.ts";
import { populate } from "./populate.ts";
import { createSandboxRoutes } from "./sandbox_routes.ts";
import { actionMethods } from "./services/actions.ts";
import { loginMethods } from "./services/login.ts";
import { organizationMethods } from "./services/organizations.ts";
import { projectMethods } from "./services/projects.ts";
import { userMethods } from "./services/users.ts";
import { readWorldFile, type WorldFile } from "./world_file.ts";

export type { Exchange } from "./instance.ts";
export type { World } from "./world.ts";

/** Loopback only: everyone who reaches the sandbox can log in as any user. */
const HOSTNAME = "127.0.0.1";

export interface SandboxOptions {
  /**
   * The initial world.
   *
   * @default The repository's world.json.
   */
  readonly world?: WorldFile;
  /**
   * The port; 0 for a free one.
   *
   * @default 0
   */
  readonly port?: number;
}

/** A running sandbox: a stand-in ZITADEL on loopback. */
export type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

/**
 * Starts a sandbox.
 *
 * @example
 * ```ts ignore
 * await using sandbox = await startSandbox();
 * console.log(`Set ZITADEL_DOMAIN=${sandbox.origin}`);
 * ```
 */
export async function startSandbox(
  { world: file, port = 0 }: SandboxOptions = {},
) {
  const { world, ...tokens } = populate(file ?? await readWorldFile());
  const webKey = await ownWebKey();
  let app = new Hono();
  const server = Deno.serve(
    { hostname: HOSTNAME, port, onListen() {} },
    (request) => app.fetch(request),
  );
  const client = Deno.createHttpClient({});
  const closing = new AbortController();
  const instance: Instance = {
    world,
    webKey,
    closing: closing.signal,
    origin: `http://${HOSTNAME}:${server.addr.port}`,
    fetch: (input, init) => fetch(input, { ...init, client }),
    exchanges: [],
    pending: new Set(),
  };
  app = createApp(instance, await createOidcProvider(instance));

  /** Resolves when every event in progress is delivered. */
  const settled = async () => {
    while (instance.pending.size > 0) await Promise.all(instance.pending);
  };
  const close = async () => {
    closing.abort(new Error("Sandbox is closing"));
    await settled();
    await server.shutdown();
    client.close();
  };
  return {
    ...tokens,
    /** Its base URL and issuer, such as `http://127.0.0.1:8080`. */
    origin: instance.origin,
    /** The live state; tests may change it. */
    world,
    /** The last calls of targets, oldest first. */
    exchanges: instance.exchanges,
    settled,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function createApp(
  instance: Instance,
  { handle, finishLogin }: OidcProvider,
): Hono {
  const app = new Hono().use(...localAccess);
  app.use(async (c, next) => {
    await next();
    c.header("cache-control", "no-store");
  });
  app.route("/", createOidcRoutes(instance, finishLogin));
  app.route("/", createSandboxRoutes(instance));
  app.route(
    "/",
    createApi(instance, [
      ...organizationMethods,
      ...actionMethods,
      ...projectMethods,
      ...userMethods,
      ...loginMethods(finishLogin),
    ]),
  );
  app.notFound(handle);
  app.onError((error) =>
    error instanceof OAuthError
      ? error.toResponse()
      : new Response(String(error), { status: 500 })
  );
  return app;
}
