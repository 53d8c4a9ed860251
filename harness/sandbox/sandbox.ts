import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Hono } from "hono";
import { createApi } from "./api.ts";
import { type Exchange, type Instance, ownWebKey } from "./instance.ts";
import { corsHeaders, refusal } from "./local_access.ts";
import { replay, sendResponse, toRequest } from "./node_http.ts";
import { createOidcProvider } from "./oidc_provider.ts";
import { createOidcRoutes } from "./oidc_routes.ts";
import { populate } from "./populate.ts";
import { createSandboxRoutes } from "./sandbox_routes.ts";
import { actionMethods } from "./services/actions.ts";
import { type FinishLogin, loginMethods } from "./services/login.ts";
import {
  organizationReaders,
  organizationWriters,
} from "./services/organizations.ts";
import { projectMethods } from "./services/projects.ts";
import { userMethods } from "./services/users.ts";
import { readWorldFile, type WorldFile } from "./world_file.ts";
import type { World } from "./world.ts";

export type { Exchange } from "./instance.ts";
export type { World } from "./world.ts";

/** Marks what no route answers: it is oidc-provider's. */
const UNANSWERED = "x-unanswered";

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
   * Refuse targets at loopback and private addresses, as ZITADEL does by
   * default since v4.15.2.
   *
   * @default false
   */
  readonly denyPrivateAddresses?: boolean;
  /**
   * The port; 0 for a free one.
   *
   * @default 0
   */
  readonly port?: number;
}

/** A running sandbox: a stand-in ZITADEL on loopback. */
export interface Sandbox extends AsyncDisposable {
  /** Its base URL and issuer, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** The live state; tests may change it. */
  readonly world: World;
  /** A personal access token of an IAM_OWNER. */
  readonly adminToken: string;
  /** A personal access token of an IAM_LOGIN_CLIENT, for headless logins. */
  readonly loginClientToken: string;
  /** The last calls of targets, oldest first. */
  readonly exchanges: readonly Exchange[];
  /** Resolves when every event in progress is delivered. */
  readonly settled: () => Promise<void>;
  readonly close: () => Promise<void>;
}

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
  options: SandboxOptions = {},
): Promise<Sandbox> {
  const { world, adminToken, loginClientToken } = populate(
    options.world ?? await readWorldFile(),
  );
  const webKey = await ownWebKey();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, HOSTNAME, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const client = Deno.createHttpClient({});
  const closing = new AbortController();
  const instance: Instance = {
    world,
    denyPrivateAddresses: options.denyPrivateAddresses ?? false,
    origin: `http://${HOSTNAME}:${port}`,
    webKey,
    fetch: (input, init) => fetch(input, { ...init, client }),
    closing: closing.signal,
    exchanges: [],
    pending: new Set(),
  };
  const provider = await createOidcProvider(instance);
  const app = createApp(instance, provider.finishLogin);
  server.on("request", async (incoming, outgoing) => {
    try {
      const { request, body } = await toRequest(incoming, instance.origin);
      const response = await app.fetch(request);
      if (response.headers.has(UNANSWERED)) {
        for (const [name, value] of Object.entries(corsHeaders(request))) {
          outgoing.setHeader(name, value);
        }
        await provider.handle(replay(incoming, body), outgoing);
      } else await sendResponse(response, outgoing);
    } catch (error) {
      if (!outgoing.headersSent) outgoing.statusCode = 500;
      outgoing.end(String(error));
    }
  });

  const settled = async () => {
    while (instance.pending.size > 0) await Promise.all(instance.pending);
  };
  const close = async () => {
    closing.abort(new Error("Sandbox is closing"));
    await settled();
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
    client.close();
  };
  return {
    origin: instance.origin,
    world,
    adminToken,
    loginClientToken,
    exchanges: instance.exchanges,
    settled,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Everything but what oidc-provider answers. */
function createApp(instance: Instance, finishLogin: FinishLogin): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    const refused = refusal(c.req.raw);
    if (refused !== undefined) return refused;
    if (c.req.method === "OPTIONS") c.res = new Response(null, { status: 204 });
    else await next();
    for (const [name, value] of Object.entries(corsHeaders(c.req.raw))) {
      c.header(name, value);
    }
  });
  app.route("/", createOidcRoutes(instance, finishLogin));
  app.route("/", createSandboxRoutes(instance));
  app.route(
    "/",
    createApi(instance, [
      ...organizationReaders,
      ...organizationWriters,
      ...actionMethods,
      ...projectMethods,
      ...userMethods,
      ...loginMethods(finishLogin),
    ]),
  );
  app.notFound((c) => c.body(null, 404, { [UNANSWERED]: "" }));
  app.onError((error) => {
    throw error;
  });
  return app;
}
