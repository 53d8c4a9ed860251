/**
 * Everything for development: the function, restarted at every change, an
 * inspector, and an instance, real or the sandbox.
 *
 * @module
 */
import { type SettingName, SETTINGS } from "../../lib/config.ts";
import { readFunctionConfig } from "../cli/function_config.ts";
import { freePort } from "../util/free_port.ts";
import {
  CALLBACK_PATH,
  DEFAULT_PORT,
  type Inspector,
  serveInspector,
} from "../inspector/server.ts";
import { parseEnv, readEnvFile } from "../cli/env_file.ts";
import { applyChanges, readState } from "../setup/setup.ts";
import { planSetup } from "../setup/plan.ts";
import type { Release } from "../sandbox/release.ts";
import { type Sandbox, startSandbox } from "../sandbox/sandbox.ts";
import { readWorldFile, type WorldFile } from "../sandbox/world_file.ts";
import { connect, originOf } from "../zitadel/client.ts";
import { DEFAULT_TARGET_NAME } from "../zitadel/target.ts";
import { startWatchedFunction } from "./start_watched_function.ts";

const HOST = "127.0.0.1";
const SANDBOX_PORT = 8080;
const FUNCTION_PORT = 8000;
const CONDITIONS = [
  "function/preaccesstoken",
  "function/preuserinfo",
  "event/group/org.metadata",
];

/** Settings that apply to the sandbox and to a real instance. */
const SHARED_SETTINGS = [
  "METADATA_ORGANIZATION",
  "PERMISSIONS_CLAIM",
  "CACHE_FRESH_SECONDS",
  "CACHE_STALE_SECONDS",
  "UPSTREAM_TIMEOUT_MS",
] as const satisfies readonly SettingName[];

export interface DevStackOptions {
  /** Settings by name. With ZITADEL_DOMAIN that instance is used. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  /**
   * The sandbox's world file.
   *
   * @default The repository's.
   */
  readonly world?: string | undefined;
  readonly release?: Release | undefined;
  /** The inspector's port; by default 9000, or a free one if that is taken. */
  readonly port?: number | undefined;
  /** The client id that the inspector suggests. */
  readonly clientId?: string | undefined;
  /** Do not start the function: it runs elsewhere. */
  readonly withoutFunction?: boolean | undefined;
  /** Do not show the function's log. */
  readonly quiet?: boolean;
}

export interface DevStack extends AsyncDisposable {
  readonly inspector: Inspector;
  readonly issuer: string;
  /** Absent with a real instance. */
  readonly sandbox: Sandbox | undefined;
  /** The function's endpoint, unless it runs elsewhere. */
  readonly endpoint: string | undefined;
}

export async function startDevStack(
  options: DevStackOptions,
): Promise<DevStack> {
  await using stack = new AsyncDisposableStack();
  const { settings, port = freePort(DEFAULT_PORT) } = options;
  const functionPort = freePort(FUNCTION_PORT);
  const endpoint = `http://${HOST}:${functionPort}/`;
  const sandbox = settings.ZITADEL_DOMAIN ? undefined : stack.use(
    await startSandbox({
      port: freePort(SANDBOX_PORT),
      world: withRedirect(
        await readWorldFile(options.world),
        `http://localhost:${port}${CALLBACK_PATH}`,
      ),
      ...(options.release && { release: options.release }),
    }),
  );
  const issuer = sandbox?.origin ?? originOf(settings.ZITADEL_DOMAIN!);

  if (!options.withoutFunction) {
    const given = sandbox
      ? await connectSandbox(sandbox, endpoint, settings)
      : pick(settings, Object.keys(SETTINGS) as SettingName[]);
    // A watched process that cannot start would wait for its files to change.
    await readFunctionConfig(given);
    stack.use(
      await startWatchedFunction({
        settings: {
          KV_URL: ":memory:",
          ...given,
          HOST,
          PORT: String(functionPort),
        },
        quiet: options.quiet ?? false,
      }),
    );
  }
  const inspector = stack.use(serveInspector({
    issuer,
    port,
    sandbox: sandbox !== undefined,
    clientId: options.clientId ?? "",
    claim: settings.PERMISSIONS_CLAIM || "permissions",
    metadataOrganization: settings.METADATA_ORGANIZATION || "user",
  }));
  const started = stack.move();
  return {
    inspector,
    issuer,
    sandbox,
    endpoint: options.withoutFunction ? undefined : endpoint,
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Allows the inspector to log in with every application that has logins. */
function withRedirect(world: WorldFile, redirectUri: string): WorldFile {
  return {
    ...world,
    organizations: world.organizations.map((organization) => ({
      ...organization,
      projects: organization.projects.map((project) => ({
        ...project,
        apps: project.apps.map((app) => ({
          ...app,
          redirectUris: app.redirectUris.length === 0
            ? []
            : [...new Set([...app.redirectUris, redirectUri])],
        })),
      })),
    })),
  };
}

/**
 * Sets up the sandbox like a real instance, and returns the function's
 * settings.
 */
async function connectSandbox(
  { origin, adminToken }: Sandbox,
  endpoint: string,
  settings: DevStackOptions["settings"],
): Promise<Partial<Record<SettingName, string>>> {
  const folder = await Deno.makeTempDir({ prefix: "permissions-dev-" });
  try {
    const envFile = `${folder}/.env`;
    const instance = connect(origin, adminToken);
    const place = { instance, organization: undefined, envFile };
    const changes = planSetup(await readState(place), {
      target: {
        name: DEFAULT_TARGET_NAME,
        endpoint,
        timeoutSeconds: 10,
        interruptOnError: false,
      },
      conditions: CONDITIONS,
      mapping: new Map(),
      force: false,
    });
    await applyChanges(place, changes);
    return {
      ...pick(settings, SHARED_SETTINGS),
      ...parseEnv(await readEnvFile(envFile)),
      ZITADEL_DOMAIN: origin,
      // The world file is the developer's, and may have no service user that
      // reads; the administrator always does.
      ACCESS_TOKEN: adminToken,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function pick(
  settings: DevStackOptions["settings"],
  names: readonly SettingName[],
): Partial<Record<SettingName, string>> {
  return Object.fromEntries(
    names.flatMap((name) => settings[name] ? [[name, settings[name]]] : []),
  );
}
