import { denoEnvironment } from "../util/deno_environment.ts";
import { freePort } from "../util/free_port.ts";
import { projectPath } from "../util/project_path.ts";
import { type ServerProcess, startServer } from "../util/server_process.ts";

/** The settings of an example API; each example's first lines explain them. */
const SETTINGS = [
  "ISSUER",
  "AUDIENCE",
  "APPLICATIONS",
  "PROJECT",
  "ORGANIZATION",
  "CLAIM",
  "CORS_ORIGIN",
  "HOST",
  "PORT",
] as const;

export type ApiSettings =
  & Readonly<Record<"ISSUER" | "AUDIENCE", string>>
  & { readonly [Name in typeof SETTINGS[number]]?: string };

/** An example API, running as a process of its own. */
export interface ApiProcess extends AsyncDisposable {
  /** Its base, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
}

/**
 * Starts `examples/api/hono.ts` with the permissions that it needs and no more:
 * its settings, its port, and the issuer's keys.
 *
 * @throws {Error} If it does not listen, with its output.
 */
export function startHonoApi(settings: ApiSettings): Promise<ApiProcess> {
  const { PORT = String(freePort()), ISSUER } = settings;
  return startApi([
    Deno.execPath(),
    "run",
    "--no-prompt",
    `--config=${projectPath("deno.json")}`,
    `--allow-env=${SETTINGS.join(",")}`,
    `--allow-net=127.0.0.1:${PORT},${new URL(ISSUER).host}`,
    projectPath("examples/api/hono.ts"),
  ], { ...settings, PORT });
}

/**
 * Starts an example API on loopback and waits until it listens.
 *
 * @throws {Error} If it does not listen, with its output.
 */
export async function startApi(
  command: readonly [program: string, ...args: string[]],
  settings: ApiSettings & { readonly PORT: string },
): Promise<ApiProcess> {
  const env = {
    ...denoEnvironment(Deno.env.toObject(), ["PATH"]),
    NO_COLOR: "1",
    HOST: "127.0.0.1",
    ...settings,
  };
  const origin = `http://${env.HOST}:${env.PORT}`;
  const process: ServerProcess = await startServer({
    name: "the API",
    command,
    env,
    urlIn: (line) => line.includes("Listening on ") ? origin : undefined,
  });
  return { origin, [Symbol.asyncDispose]: process[Symbol.asyncDispose] };
}
