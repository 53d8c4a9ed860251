import { resolve } from "node:path";
import { UPSTREAM_TOKEN } from "../sandbox/upstream.ts";
import { denoEnvironment } from "../util/deno_environment.ts";
import { freePort } from "../util/free_port.ts";
import { readProcessUsage } from "../util/process_usage.ts";
import { projectPath } from "../util/project_path.ts";
import { runTool } from "../util/run_tool.ts";
import { sleep } from "../util/sleep.ts";
import {
  type Call,
  RIGHT_REPLY,
  ROLE_PERMISSIONS,
  sign,
  SIGNING_KEY,
} from "./call.ts";

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

/** The deadline of a server's start, in milliseconds. */
const START_TIMEOUT_MS = 30_000;
/** How long to wait before trying a port again, in milliseconds. */
const CONNECT_RETRY_MS = 1;

/** Starts a server with a constant reply. */
export function startBare(
  context: BenchContext,
  { REPLY = RIGHT_REPLY, port }: { REPLY?: string; port?: number } = {},
): Server {
  const command = deno("harness/bench/bare_server.ts");
  return start(context, command, { REPLY }, port);
}

/** What the floor and the Go server need to answer the recorded login. */
const PEER_ENV = {
  AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
  ROLE_PERMISSIONS: JSON.stringify(ROLE_PERMISSIONS),
};

export function startFloor(context: BenchContext): Server {
  return start(context, deno("harness/bench/floor_server.ts"), PEER_ENV);
}

/** Builds and starts the Go server; returns `undefined` without Go. */
export async function startGo(
  context: BenchContext,
): Promise<Server | undefined> {
  const program = `${context.folder}/go_server`;
  const source = projectPath("harness/bench/go_server.go");
  const args = ["build", "-o", program, source];
  const built = await runTool("go", args, context.signal).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  if (built === undefined) return undefined;
  if (!built.success) throw new Error(new TextDecoder().decode(built.stderr));
  return start(context, [program], PEER_ENV);
}

/** Starts the function. Mappings stay fresh, and no deadline passes, however long a measurement takes. */
export function startFunction(
  context: BenchContext,
  env: Readonly<Record<string, string>>,
  port?: number,
): Server {
  const settings = {
    AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
    ACCESS_TOKEN: UPSTREAM_TOKEN,
    CACHE_FRESH_SECONDS: "3600",
    UPSTREAM_TIMEOUT_MS: "30000",
    ...env,
  };
  return start(context, deno(context.entry), settings, port);
}

function deno(entry: string): string[] {
  // Also for a bundle in another folder.
  const config = `--config=${projectPath("deno.json")}`;
  const file = resolve(projectPath(""), entry);
  return [Deno.execPath(), "run", "--quiet", "--allow-all", config, file];
}

/** A server in a process of its own, without its output. */
export type Server = ReturnType<typeof start>;

function start(
  { signal }: BenchContext,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  port = freePort(),
) {
  signal.throwIfAborted();
  const address = { hostname: "127.0.0.1", port };
  const url = `http://${address.hostname}:${port}/`;
  const startedAt = performance.now();
  const child = new Deno.Command(command[0]!, {
    args: command.slice(1),
    clearEnv: true,
    env: {
      ...denoEnvironment(Deno.env.toObject()),
      ...env,
      HOST: address.hostname,
      PORT: String(port),
    },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal,
  }).spawn();
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  /** Waits until it listens. */
  const listening = async () => {
    const connect = () => Deno.connect(address).catch(() => undefined);
    let connection: Deno.Conn | undefined;
    while (!(connection = await connect())) {
      const waited = performance.now() - startedAt;
      if (hasEnded || waited > START_TIMEOUT_MS) {
        throw new Error(`${command.join(" ")} did not start`);
      }
      await sleep(CONNECT_RETRY_MS, signal);
    }
    connection.close();
  };
  /** Asks it once; returns how long the answer took, in milliseconds. */
  const ask = async (call: Call) => {
    const headers = { "zitadel-signature": sign(call) };
    const begin = performance.now();
    const init = { method: "POST", headers, body: call.body, signal };
    const response = await fetch(url, init);
    const text = (await response.text()).trim();
    if (text === RIGHT_REPLY) return performance.now() - begin;
    throw new Error(
      `Unexpected reply of ${command.join(" ")}: ${response.status} ${text}`,
    );
  };
  return {
    url,
    listening,
    ask,
    /** Waits for its first answer; returns how long that took, in milliseconds. */
    async ready(call: Call) {
      await listening();
      await ask(call);
      return performance.now() - startedAt;
    },
    usage: () => readProcessUsage(child.pid),
    async [Symbol.asyncDispose]() {
      // As an orchestrator would: it may drain.
      if (!hasEnded) child.kill("SIGTERM");
      await child.status;
    },
  };
}
