import { cacheModules } from "./cached_modules.ts";
import { functionArguments } from "./function_command.ts";
import { platformEnvironment } from "./function_environment.ts";
import { inBrackets } from "./least_permissions.ts";

/**
 * The deadline of a start, in milliseconds; a first one compiles and caches.
 */
const START_TIMEOUT_MS = 30_000;

/** How long a process may drain before it is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 10_000;

export interface FunctionProcessOptions {
  /** Settings. `HOST` defaults to 127.0.0.1 and `PORT` to a free one. */
  readonly env: Readonly<Record<string, string>>;
  /** Deno's permission flags; by default the least that the settings need. */
  readonly permissions?: readonly string[];
  /** A bundle, instead of `main.ts`. */
  readonly entry?: string;
  /** Called with each line that the process writes. */
  readonly onLine?: (line: string) => void;
}

/** The function in a process of its own. */
export interface FunctionProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** The lines written so far, errors included. */
  readonly lines: readonly string[];
  /** Sends a signal, SIGTERM by default, and waits for the end. */
  stop(signal?: Deno.Signal): Promise<number>;
}

/**
 * Starts the function in a process without this one's environment, and waits until
 * it listens.
 *
 * @example
 * ```ts ignore
 * await using running = await startFunction({ env: settings });
 * await fetch(`${running.url}/healthz`);
 * ```
 */
export async function startFunction(
  options: FunctionProcessOptions,
): Promise<FunctionProcess> {
  const env = { HOST: "127.0.0.1", PORT: "0", ...options.env };
  if (options.entry === undefined) await cacheModules();
  const child = new Deno.Command(Deno.execPath(), {
    args: functionArguments(env, options),
    clearEnv: true,
    env: { ...platformEnvironment(Deno.env.toObject()), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();

  const lines: string[] = [];
  const listening = Promise.withResolvers<{ hostname: string; port: number }>();
  const take = (line: string) => {
    lines.push(line);
    const address = listeningAddress(line);
    if (address) listening.resolve(address);
    options.onLine?.(line);
  };
  const written = Promise.all([
    eachLine(child.stdout, take),
    eachLine(child.stderr, take),
  ]);
  const ended = written.then(() => child.status);
  const stop = async (signal: Deno.Signal = "SIGTERM") => {
    const kill = (signal: Deno.Signal) => {
      try {
        child.kill(signal);
      } catch {
        // It has ended by itself.
      }
    };
    kill(signal);
    const timer = setTimeout(() => kill("SIGKILL"), STOP_TIMEOUT_MS);
    const { code } = await ended;
    clearTimeout(timer);
    return code;
  };

  const { promise: late, reject } = Promise.withResolvers<never>();
  const fail = (what: string) =>
    reject(
      new Error(`Cannot start the function: ${what}\n${lines.join("\n")}`),
    );
  const timer = setTimeout(
    () => fail(`it did not listen in ${START_TIMEOUT_MS / 1_000} s`),
    START_TIMEOUT_MS,
  );
  ended.then(({ code }) => fail(`it ended with exit code ${code}`));
  try {
    const { hostname, port } = await Promise.race([listening.promise, late]);
    return {
      pid: child.pid,
      url: `http://${inBrackets(hostname)}:${port}`,
      lines,
      stop,
      [Symbol.asyncDispose]: async () => void await stop(),
    };
  } catch (error) {
    await stop("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
    late.catch(() => {});
  }
}

function listeningAddress(
  line: string,
): { hostname: string; port: number } | undefined {
  if (!line.includes('"Listening"')) return undefined;
  const { hostname, port } = JSON.parse(line);
  return { hostname, port };
}

async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
  if (rest) take(rest);
}
