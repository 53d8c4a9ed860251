/**
 * The function as a process of its own: `main.ts` with the permissions that it
 * needs and no others.
 *
 * @module
 */
import { type SettingName, SETTINGS } from "../lib/config.ts";

const MAIN = new URL("../main.ts", import.meta.url).pathname;
const CONFIG = new URL("../deno.json", import.meta.url).pathname;

/** How a process of the function is started. */
export interface FunctionProcessOptions {
  /** Its settings. HOST is 127.0.0.1 and PORT any that is free, where not set. */
  readonly settings: Readonly<Partial<Record<SettingName, string>>>;
  /** What else is in its environment, such as `OTEL_DENO`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Hosts that it may talk to beside the instance and itself. */
  readonly hosts?: readonly string[];
  /** A module that runs in the process before `main.ts`, with the same permissions. */
  readonly preload?: string | undefined;
}

/** A running function. */
export interface FunctionProcess {
  /** Where it listens. */
  readonly origin: string;
  /** The process's id. */
  readonly pid: number;
  /** How it ended, once it did. */
  readonly status: Promise<Deno.CommandStatus>;
  /** What it wrote so far to stdout and stderr. */
  output(): string;
  /** Sends a signal. */
  kill(signal: Deno.Signal): void;
  /** Ends it, and waits until it has ended. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Lists the permissions that `main.ts` needs: its settings by name, the
 * instance and its own address by host and port, and a database by path.
 *
 * @param settings The settings.
 * @param hosts Hosts that it may talk to beside these.
 * @returns Flags for `deno run`.
 */
export function functionPermissions(
  settings: Readonly<Partial<Record<SettingName, string>>>,
  hosts: readonly string[] = [],
): string[] {
  const {
    ZITADEL_DOMAIN = "",
    HOST = SETTINGS.HOST.default,
    PORT = SETTINGS.PORT.default,
    KV_URL = "",
  } = settings;
  const domain = ZITADEL_DOMAIN.replace(/^https?:\/\//, "").replace(/\/$/, "");
  const net = [domain, `${HOST}:${PORT}`, ...hosts];
  const flags = ["--no-prompt", `--allow-env=${Object.keys(SETTINGS).join()}`];
  if (/^https?:/.test(KV_URL)) net.push(new URL(KV_URL).host);
  else if (KV_URL && KV_URL !== ":memory:") {
    flags.push(`--allow-read=${KV_URL}`, `--allow-write=${KV_URL}`);
  }
  return [...flags, `--allow-net=${net.filter(Boolean).join()}`];
}

/**
 * Starts the function and waits until it listens.
 *
 * @param options How to start it.
 * @returns The running function.
 * @throws {Error} Where it ends before it listens, with what it wrote.
 */
export async function startFunction(
  { settings, environment, hosts, preload }: FunctionProcessOptions,
): Promise<FunctionProcess> {
  const all = { HOST: "127.0.0.1", PORT: "0", ...settings };
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      `--config=${CONFIG}`,
      ...functionPermissions(all, hosts),
      ...preload ? [`--preload=${preload}`] : [],
      MAIN,
    ],
    clearEnv: true,
    env: { ...inherited(), NO_COLOR: "1", ...environment, ...all },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  let onOutput = () => {};
  const collect = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) {
      output += text;
      onOutput();
    }
  };
  const ended = Promise.all([collect(child.stdout), collect(child.stderr)]);
  const status = Promise.all([child.status, ended]).then(([status]) => status);
  const listening = new Promise<string>((resolve) => {
    onOutput = () => {
      const line = /^.*"message":"Listening".*$/m.exec(output)?.[0];
      if (!line) return;
      const { hostname, port } = JSON.parse(line);
      resolve(`http://${hostname}:${port}`);
      onOutput = () => {};
    };
  });
  const origin = await Promise.race([listening, status.then(() => undefined)]);
  if (origin === undefined) {
    throw new Error(`The function ended before it listened:\n${output}`);
  }
  return {
    origin,
    pid: child.pid,
    status,
    output: () => output,
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended by itself.
      }
      await status;
    },
  };
}

/** What Deno itself needs to run without fetching anything. */
function inherited(): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ["PATH", "HOME", "DENO_DIR", "XDG_CACHE_HOME"]) {
    const value = Deno.env.get(name);
    if (value !== undefined) kept[name] = value;
  }
  return kept;
}
