/**
 * Everything for development: the function, restarted at every change, the
 * inspector, and an instance: a real one, or the sandbox with an example API.
 *
 * @module
 */
import { type SettingName, SETTINGS } from "../../lib/config/settings.ts";
import { SettingsError } from "../cli/errors.ts";
import { readFunctionConfig } from "../cli/function_config.ts";
import { readFunctionRules } from "../cli/function_rules.ts";
import { freePort, requirePort } from "../util/free_port.ts";
import {
  CALLBACK_PATH,
  DEFAULT_PORT,
  serveInspector,
} from "../inspector/server.ts";
import { type Sandbox, startSandbox } from "../sandbox/sandbox.ts";
import { readWorldFile } from "../sandbox/world_file.ts";
import { readBinding } from "../zitadel/binding.ts";
import { connect, originOf } from "../zitadel/client.ts";
import { withAdminToken } from "../zitadel/key_file.ts";
import { setExecution } from "../zitadel/execution.ts";
import { createTarget, DEFAULT_TARGET_NAME } from "../zitadel/target.ts";
import { startHonoApi } from "../demo/api_process.ts";
import {
  reachableHost,
  startWatchedFunction,
} from "./start_watched_function.ts";
import { createTemporaryApp } from "./temporary_app.ts";

/** Beyond this machine, only if HOST says so. */
const DEFAULT_HOST = "127.0.0.1";
const SANDBOX_PORT = 8080;
const FUNCTION_PORT = 8000;
const CONDITIONS = [
  "function/preaccesstoken",
  "function/preuserinfo",
  "event/group/org.metadata",
];

/** Settings that only make sense with the instance that they are for. */
const OF_AN_INSTANCE =
  /^(?:ZITADEL_INTERNAL_URL|CLIENT_ID|CLIENT_SECRET|SERVICE_ACCOUNT_KEY|PAYLOAD_PRIVATE_KEY|KV_URL)$/;

type FunctionSettings = Partial<Record<SettingName, string>>;

/** What to start. */
export interface DevStackOptions {
  /** Settings by name. With ZITADEL_DOMAIN that instance is used. */
  readonly settings: Readonly<Record<string, string | undefined>>;
  /**
   * The sandbox's world file.
   *
   * @default The repository's.
   */
  readonly world?: string | undefined;
  /** The inspector's port; by default 9000, or a free one if that is taken. */
  readonly port?: number | undefined;
  /** The client id that the inspector suggests. */
  readonly clientId?: string | undefined;
  /** A project of a real instance to create a temporary application in, by id or name. */
  readonly createApp?: string | undefined;
  /** Whether the function is left out, since it runs elsewhere. */
  readonly withoutFunction?: boolean | undefined;
  /** Any free ports for the sandbox and the function: 8080 and 8000 are for people. */
  readonly anyPorts?: boolean;
  /** Prints a line of the function's log; without it, the log is left out. */
  readonly print?: ((line: string) => void) | undefined;
}

export type DevStack = Awaited<ReturnType<typeof startDevStack>>;

/**
 * Starts everything for development; disposing of it stops all of it.
 *
 * @throws {SettingsError} If settings of a real instance are missing.
 */
export async function startDevStack(options: DevStackOptions) {
  await using stack = new AsyncDisposableStack();
  const { settings, withoutFunction = false, anyPorts = false } = options;
  const port = options.port
    ? requirePort(options.port, "--port")
    : freePort(DEFAULT_PORT);
  const { PORT = "", HOST = DEFAULT_HOST } = settings;
  // What is no port is refused with the other settings.
  const isChosen = /^[1-9]\d{0,4}$/.test(PORT) && Number(PORT) < 65_536 &&
    !withoutFunction;
  const functionPort = isChosen
    ? requirePort(Number(PORT), "PORT")
    : freePort(anyPorts ? 0 : FUNCTION_PORT);
  const endpoint = `http://${reachableHost(HOST)}:${functionPort}/`;
  const sandbox = settings.ZITADEL_DOMAIN ? undefined : stack.use(
    await startSandbox({
      port: freePort(anyPorts ? 0 : SANDBOX_PORT),
      world: await readWorldFile(options.world),
    }),
  );
  const redirectUri = `http://localhost:${port}${CALLBACK_PATH}`;
  if (sandbox) allowRedirect(sandbox.world, redirectUri);
  const issuer = sandbox?.origin ?? originOf(settings.ZITADEL_DOMAIN!);

  const started: Promise<AsyncDisposable>[] = [];
  let failure: Readonly<Record<string, unknown>> | undefined;
  if (!withoutFunction) {
    const given = sandbox
      ? await connectSandbox(sandbox, endpoint, settings)
      : pick(settings);
    await checkFunctionSettings(given, sandbox !== undefined);
    started.push(startWatchedFunction({
      settings: {
        KV_URL: ":memory:",
        ...given,
        HOST,
        PORT: String(functionPort),
      },
      print: options.print,
      onFailure: (line) => failure = line,
    }));
  }
  const api = sandbox && startExampleApi(sandbox, settings);
  if (api) started.push(api.started);
  for (const part of await Promise.allSettled(started)) {
    if (part.status === "fulfilled") stack.use(part.value);
  }
  // The first failure, after everything that did start can be stopped.
  await Promise.all(started);

  const app = await createApp(options, { origin: issuer, redirectUri });
  if (app) stack.use(app);
  const rules = await readFunctionRules({
    ...pick(settings, OF_AN_INSTANCE),
    ZITADEL_DOMAIN: issuer,
  });
  const origin = (await api?.started)?.origin;
  const adminToken = sandbox?.adminToken ?? app?.adminToken;
  const inspector = stack.use(serveInspector({
    issuer,
    port,
    rules,
    freshMs: rules.freshMs,
    sandbox: sandbox !== undefined,
    clientId: app?.clientId ?? options.clientId ?? "",
    projectId: app?.project.id ?? "",
    projectName: app?.project.name ?? "",
    api: api && origin ? { origin, ...api.place } : undefined,
    readBinding: adminToken ? () => readBinding(issuer, adminToken) : undefined,
    lastFailure: () => failure,
  }));
  const running = stack.move();
  return {
    inspector,
    issuer,
    sandbox,
    api: origin,
    app,
    endpoint: withoutFunction ? undefined : endpoint,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/**
 * Checks the settings before the start: a watched process that cannot start
 * would wait for its files to change.
 */
async function checkFunctionSettings(
  given: FunctionSettings,
  isSandbox: boolean,
): Promise<void> {
  try {
    await readFunctionConfig(given);
  } catch (error) {
    if (isSandbox || !(error instanceof SettingsError)) throw error;
    throw new SettingsError(
      `ZITADEL_DOMAIN is set, but the function lacks settings for this instance. Two ways on: \`deno task setup\` connects the function and writes them to .env; \`deno task dev --no-function\` starts the page only. ${error.message}`,
      { cause: error },
    );
  }
}

/** Starts the example API for the project of the first application, and for the claim's shape. */
function startExampleApi(
  { origin, world }: Sandbox,
  settings: DevStackOptions["settings"],
) {
  const app = world.apps.values().find(({ kind }) => kind === "oidc");
  const project = app && world.projects.get(app.projectId);
  if (!project) return undefined;
  const shape = settings.PERMISSIONS_SHAPE;
  const byOrganization = shape === "by_organization";
  const place = { project: project.id, organization: project.organizationId };
  const started = startHonoApi({
    ISSUER: origin,
    AUDIENCE: place.project,
    CLAIM: settings.PERMISSIONS_CLAIM || "permissions",
    ...(byOrganization && { ORGANIZATION: place.organization }),
    ...((byOrganization || shape === "by_project") &&
      { PROJECT: place.project }),
  });
  return { started, place };
}

async function createApp(
  { createApp: project, settings }: DevStackOptions,
  { origin, redirectUri }: { origin: string; redirectUri: string },
) {
  if (project === undefined) return undefined;
  const { ZITADEL_ADMIN_TOKEN: adminToken } = await withAdminToken(settings);
  if (!settings.ZITADEL_DOMAIN || !adminToken) {
    throw new SettingsError(
      "--create-app needs ZITADEL_DOMAIN and ZITADEL_ADMIN_TOKEN: it creates an application on a real instance, and removes it at the end. The sandbox has applications already",
    );
  }
  const given = { origin, adminToken, project, redirectUri };
  return { ...await createTemporaryApp(given), adminToken };
}

/** Lets the inspector log in with every application that has logins. */
function allowRedirect({ apps }: Sandbox["world"], redirectUri: string): void {
  for (const { redirectUris } of apps.values()) {
    const isKnown = redirectUris.includes(redirectUri);
    if (redirectUris.length > 0 && !isKnown) redirectUris.push(redirectUri);
  }
}

/** Binds the function in the sandbox, and returns its settings. */
async function connectSandbox(
  { origin, adminToken }: Sandbox,
  endpoint: string,
  settings: DevStackOptions["settings"],
): Promise<FunctionSettings> {
  const instance = connect(origin, adminToken);
  const { id, signingKey } = await createTarget(instance, {
    name: DEFAULT_TARGET_NAME,
    endpoint,
    timeoutSeconds: 10,
    interruptOnError: false,
  });
  for (const condition of CONDITIONS) {
    await setExecution(instance, { condition, targets: [id] });
  }
  return {
    ...pick(settings, OF_AN_INSTANCE),
    ZITADEL_DOMAIN: origin,
    AUTHORIZATION_SIGNING_KEY: signingKey,
    // The world file is the developer's, and may have no service user that
    // reads; the administrator always does.
    ACCESS_TOKEN: adminToken,
  };
}

/** Picks the function's settings, but those with certain names. */
function pick(
  settings: DevStackOptions["settings"],
  except?: RegExp,
): FunctionSettings {
  const names = Object.keys(SETTINGS).filter((name) => !except?.test(name));
  return Object.fromEntries(
    names.flatMap((name) => settings[name] ? [[name, settings[name]]] : []),
  );
}
