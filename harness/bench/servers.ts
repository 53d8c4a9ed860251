import { UPSTREAM_TOKEN } from "../sandbox/upstream.ts";
import { denoEnvironment } from "../util/deno_environment.ts";
import { freePort } from "../util/free_port.ts";
import { type ProcessUsage, readProcessUsage } from "../util/process_usage.ts";
import { projectPath } from "../util/project_path.ts";
import { runTool } from "../util/run_tool.ts";
import { sleep } from "../util/sleep.ts";
import {
  type Call,
  RECORDED_LOGIN,
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

/** A server in a process of its own, without its output. */
export interface Server extends AsyncDisposable {
  readonly url: string;
  /** Waits until it listens. */
  listening(): Promise<void>;
  /** Waits for its first answer; returns how long that took, in milliseconds. */
  ready(call: Call): Promise<number>;
  /** Asks it once; returns how long the answer took, in milliseconds. */
  ask(call: Call): Promise<number>;
  usage(): Promise<ProcessUsage>;
}

/** The deadline of a server's first answer, in milliseconds. */
const START_TIMEOUT_MS = 30_000;
/** How long to wait before trying a port again, in milliseconds. */
const CONNECT_RETRY_MS = 1;
/** How long a server may drain before it is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 5_000;

/** Starts a server with a constant reply: the recorded login's, unless told otherwise. */
export function startBare(
  { signal }: BenchContext,
  { port, reply = RECORDED_LOGIN.reply }: { port?: number; reply?: string } =
    {},
): Server {
  const command = deno(projectPath("harness/bench/bare_server.ts"));
  return start(command, { env: { REPLY: reply }, signal, port });
}

/** What the floor and the Go server need to answer the recorded login. */
const PEER_ENV = {
  AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
  ROLE_PERMISSIONS: JSON.stringify(ROLE_PERMISSIONS),
};

export function startFloor({ signal }: BenchContext): Server {
  const command = deno(projectPath("harness/bench/floor_server.ts"));
  return start(command, { env: PEER_ENV, signal });
}

/** Builds and starts the Go server; returns `undefined` without Go. */
export async function startGo(
  { folder, signal }: BenchContext,
): Promise<Server | undefined> {
  const program = `${folder}/go_server`;
  const source = projectPath("harness/bench/go_server.go");
  try {
    const args = ["build", "-o", program, source];
    const { success, stderr } = await runTool("go", args, signal);
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  return start([program], { env: PEER_ENV, signal });
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
): Server {
  const settings = {
    ZITADEL_DOMAIN: origin,
    AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
    ACCESS_TOKEN: UPSTREAM_TOKEN,
    CACHE_FRESH_SECONDS: "3600",
    UPSTREAM_TIMEOUT_MS: "30000",
    KV_URL: kv,
    ...env,
  };
  return start(deno(entry), { env: settings, signal, port });
}

function deno(entry: string): [string, ...string[]] {
  // Also for a bundle in another folder.
  const config = `--config=${projectPath("deno.json")}`;
  return [Deno.execPath(), "run", "--quiet", "--allow-all", config, entry];
}

function start(
  [program, ...args]: readonly [string, ...string[]],
  { env, signal, port = freePort() }: {
    readonly env: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
    readonly port?: number | undefined;
  },
): Server {
  signal.throwIfAborted();
  const url = `http://127.0.0.1:${port}/`;
  // Without the exporter's settings: telemetry would be measured too.
  const environment = Object.entries(denoEnvironment(Deno.env.toObject()))
    .filter(([name]) => !name.startsWith("OTEL_"));
  const startedAt = performance.now();
  const child = new Deno.Command(program, {
    args,
    clearEnv: true,
    env: {
      ...Object.fromEntries(environment),
      ...env,
      PORT: String(port),
      HOST: "127.0.0.1",
    },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal,
  }).spawn();
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  const listening = async () => {
    while (!await canConnect(port)) {
      const waited = performance.now() - startedAt;
      if (hasEnded || waited > START_TIMEOUT_MS) {
        throw new Error(`${[program, ...args].join(" ")} did not start`);
      }
      await sleep(CONNECT_RETRY_MS, signal);
    }
  };
  const send = async ({ body, reply }: Call, signature: string) => {
    const headers = { "zitadel-signature": signature };
    const init = { method: "POST", headers, body, signal };
    const response = await fetch(url, init);
    const text = (await response.text()).trim();
    if (text === reply) return;
    const what = [program, ...args].join(" ");
    throw new Error(`Unexpected reply of ${what}: ${response.status} ${text}`);
  };
  return {
    url,
    listening,
    async ready(call) {
      // Signed before, so that the time is the server's alone.
      const signature = sign(call);
      await listening();
      await send(call, signature);
      return performance.now() - startedAt;
    },
    async ask(call) {
      const signature = sign(call);
      const begin = performance.now();
      await send(call, signature);
      return performance.now() - begin;
    },
    usage: () => readProcessUsage(child.pid),
    // As an orchestrator would: it may drain.
    async [Symbol.asyncDispose]() {
      if (hasEnded) return;
      child.kill("SIGTERM");
      const kill = () => hasEnded || child.kill("SIGKILL");
      const timer = setTimeout(kill, STOP_TIMEOUT_MS);
      await child.status;
      clearTimeout(timer);
    },
  };
}

async function canConnect(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return false;
    throw error;
  }
}
