import { denoEnvironment } from "../util/deno_environment.ts";
import { projectPath } from "../util/project_path.ts";
import { freePort } from "../util/free_port.ts";

/** How long a start may take, in milliseconds: a first one compiles and caches. */
const START_TIMEOUT_MS = 30_000;

/** The settings of an example API; each example's first lines explain them. */
export interface ApiSettings {
  /** The instance's origin. */
  readonly ISSUER: string;
  /** The id of the API's project. */
  readonly AUDIENCE: string;
  /** The client ids and service users' names whose tokens it accepts; all if absent. */
  readonly APPLICATIONS?: string;
  /** The project in which permissions must hold, for claims by project. */
  readonly PROJECT?: string;
  /** The organization that must have given them, for claims by organization. */
  readonly ORGANIZATION?: string;
  /** The claim's name. */
  readonly CLAIM?: string;
  /** The origins of pages that may call it. */
  readonly CORS_ORIGIN?: string;
  /** The address to listen at. */
  readonly HOST?: string;
  /** The port to listen at. */
  readonly PORT?: string;
}

const SETTINGS: readonly (keyof ApiSettings)[] = [
  "ISSUER",
  "AUDIENCE",
  "APPLICATIONS",
  "PROJECT",
  "ORGANIZATION",
  "CLAIM",
  "CORS_ORIGIN",
  "HOST",
  "PORT",
];

/** An example API, running as a process of its own. */
export interface ApiProcess extends AsyncDisposable {
  /** Its base, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
}

/**
 * Starts `examples/api/hono.ts` with the permissions that it needs and no more:
 * its settings, its port, and the issuer's keys.
 *
 * @param settings Its settings.
 * @returns The process.
 * @throws {Error} If it ends or takes too long before it listens, with its output.
 */
export function startHonoApi(settings: ApiSettings): Promise<ApiProcess> {
  const { PORT = String(freePort()) } = settings;
  const issuer = new URL(settings.ISSUER).host;
  return startApi([
    Deno.execPath(),
    "run",
    "--no-prompt",
    `--config=${projectPath("deno.json")}`,
    `--allow-env=${SETTINGS.join(",")}`,
    `--allow-net=127.0.0.1:${PORT},${issuer}`,
    projectPath("examples/api/hono.ts"),
  ], { ...settings, PORT });
}

/**
 * Starts an example API on loopback and waits until it listens.
 *
 * @param command The program and its arguments.
 * @param settings Its settings, with a `PORT`.
 * @returns The process.
 * @throws {Error} If it ends or takes too long before it listens, with its output.
 */
export async function startApi(
  [program, ...args]: readonly string[],
  settings: ApiSettings & { readonly PORT: string },
): Promise<ApiProcess> {
  const env = {
    ...denoEnvironment(Deno.env.toObject(), ["PATH"]),
    NO_COLOR: "1",
    HOST: "127.0.0.1",
    ...settings,
  };
  const child = new Deno.Command(program!, {
    args,
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const { listening, ended } = watch(child);
  const stop = async () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    await ended;
  };
  try {
    await listening;
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    origin: `http://${env.HOST}:${settings.PORT}`,
    [Symbol.asyncDispose]: stop,
  };
}

/** Reads a server's output until it says that it listens, and on to its end. */
function watch(child: Deno.ChildProcess) {
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  let output = "";
  const collect = async (stream: ReadableStream<BufferSource>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      output += text;
      if (output.includes("Listening on ")) resolve();
    }
  };
  const fail = (what: string) =>
    reject(new Error(`Cannot start the API: ${what}\n${output}`));
  const timer = setTimeout(
    () => fail(`it does not listen after ${START_TIMEOUT_MS / 1000} s`),
    START_TIMEOUT_MS,
  );
  const ended = Promise.all([collect(child.stdout), collect(child.stderr)])
    .then(() => child.status);
  ended.then(({ code }) => fail(`it ended with exit code ${code}`));
  const settled = listening.finally(() => clearTimeout(timer));
  return { listening: settled, ended };
}
