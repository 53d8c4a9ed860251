import { UPSTREAM_TOKEN } from "../sandbox/upstream.ts";
import { projectPath } from "../util/project_path.ts";
import { runTool } from "../util/run_tool.ts";
import { RECORDED_LOGIN, SIGNING_KEY } from "./call.ts";
import { ServerProcess } from "./server_process.ts";

/** What every measurement runs in. */
export interface BenchContext {
  readonly signal: AbortSignal;
  /** A folder for files, removed at the end. */
  readonly folder: string;
  /** The path of the function's program. */
  readonly entry: string;
  /** Short rounds, to try the measurements themselves. */
  readonly quick: boolean;
  /** Shows what is being measured. */
  readonly progress: (text: string) => void;
}

/** What the floor and the Go server need to answer the recorded login. */
const PEER_ENV = {
  AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
  ROLE_PERMISSIONS: JSON.stringify(RECORDED_LOGIN.rolePermissions),
};

/** Starts a server with a constant reply: the recorded login's, unless told otherwise. */
export function startBare(
  { signal }: BenchContext,
  { port, reply = RECORDED_LOGIN.reply }: { port?: number; reply?: string } =
    {},
): ServerProcess {
  const command = deno(projectPath("harness/bench/bare_server.ts"));
  return new ServerProcess({ command, env: { REPLY: reply }, signal, port });
}

export function startFloor({ signal }: BenchContext): ServerProcess {
  const command = deno(projectPath("harness/bench/floor_server.ts"));
  return new ServerProcess({ command, env: PEER_ENV, signal });
}

/** Builds and starts the Go server; returns `undefined` without Go. */
export async function startGo(
  { folder, signal }: BenchContext,
): Promise<ServerProcess | undefined> {
  const program = `${folder}/go_server`;
  const args = [
    "build",
    "-o",
    program,
    projectPath("harness/bench/go_server.go"),
  ];
  try {
    const { success, stderr } = await runTool("go", args, signal);
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return new ServerProcess({ command: [program], env: PEER_ENV, signal });
}

/** Starts the function. Mappings stay fresh, and no deadline passes, however long a measurement takes. */
export function startFunction(
  { signal, entry }: BenchContext,
  { origin, kv, port, env }: {
    /** ZITADEL's. */
    readonly origin: string;
    readonly kv: string;
    readonly port?: number;
    readonly env?: Readonly<Record<string, string>>;
  },
): ServerProcess {
  return new ServerProcess({
    command: deno(entry),
    env: {
      ZITADEL_DOMAIN: origin,
      AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
      ACCESS_TOKEN: UPSTREAM_TOKEN,
      CACHE_FRESH_SECONDS: "3600",
      UPSTREAM_TIMEOUT_MS: "30000",
      KV_URL: kv,
      ...env,
    },
    signal,
    port,
  });
}

function deno(entry: string): [string, ...string[]] {
  // Also for a bundle in another folder.
  const config = `--config=${projectPath("deno.json")}`;
  return [Deno.execPath(), "run", "--quiet", "--allow-all", config, entry];
}
