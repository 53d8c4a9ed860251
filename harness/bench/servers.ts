import { UPSTREAM_TOKEN } from "../fixtures/upstream.ts";
import { projectPath } from "../util/project_path.ts";
import { runTool } from "../util/run_tool.ts";
import { RECORDED_LOGIN, SIGNING_KEY } from "./call.ts";
import { ServerProcess } from "./server_process.ts";

/** What every measurement runs in. */
export interface BenchContext {
  readonly signal: AbortSignal;
  /** A folder for files, removed at the end. */
  readonly folder: string;
  /** The function's program. */
  readonly entry: string;
  /** Short rounds, to try the measurements themselves. */
  readonly quick: boolean;
  /** Shows what is being measured. */
  readonly progress: (text: string) => void;
}

type Env = Readonly<Record<string, string>>;

/** Starts a server with a constant reply: the recorded login's, unless told otherwise. */
export function startBare(
  { signal }: BenchContext,
  { port, reply = RECORDED_LOGIN.reply }: { port?: number; reply?: string } =
    {},
): ServerProcess {
  return new ServerProcess({
    command: deno("harness/bench/bare_server.ts"),
    env: { REPLY: reply },
    log: "/dev/null",
    signal,
    ...port !== undefined && { port },
  });
}

/** Starts the floor, which answers the recorded login. */
export function startFloor({ signal }: BenchContext): ServerProcess {
  return new ServerProcess({
    command: deno("harness/bench/floor_server.ts"),
    env: peerEnv(),
    log: "/dev/null",
    signal,
  });
}

/** Builds and starts the Go server, which answers the recorded login; `undefined` without Go. */
export async function startGo(
  { folder, signal }: BenchContext,
): Promise<ServerProcess | undefined> {
  const program = `${folder}/go_server`;
  const source = projectPath("harness/bench/go_server.go");
  try {
    const { success, stderr } = await runTool(
      "go",
      ["build", "-o", program, source],
    );
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return new ServerProcess({
    command: [program],
    env: peerEnv(),
    log: "/dev/null",
    signal,
  });
}

/** Starts the function. Mappings stay fresh, and no deadline passes, however long a measurement takes. */
export function startFunction(
  { signal, entry }: BenchContext,
  { kv, log, origin = "", port, env }: {
    readonly kv: string;
    readonly log: string;
    /** ZITADEL's. */
    readonly origin?: string;
    readonly port?: number;
    readonly env?: Env;
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
    log,
    signal,
    ...port !== undefined && { port },
  });
}

function peerEnv(): Env {
  return {
    AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
    ROLE_PERMISSIONS: JSON.stringify(RECORDED_LOGIN.rolePermissions),
  };
}

function deno(entry: string): [string, ...string[]] {
  return [
    Deno.execPath(),
    "run",
    "--quiet",
    "--allow-all",
    // Also for a bundle in another folder.
    `--config=${projectPath("deno.json")}`,
    entry.startsWith("harness/") ? projectPath(entry) : entry,
  ];
}
