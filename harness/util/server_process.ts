/** The deadline of a start, in milliseconds; a first one compiles and caches. */
const START_TIMEOUT_MS = 30_000;

/** How long a process may drain before it is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 10_000;

export interface ServerOptions {
  /** What it is, for the error if it does not start. */
  readonly name: string;
  readonly command: readonly [program: string, ...args: string[]];
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Returns the server's base URL if a line that it wrote says that it listens. */
  readonly urlIn: (line: string) => string | undefined;
  /** Called with each line that the process writes. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** A server in a process of its own. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** The lines written so far, errors included. */
  readonly lines: readonly string[];
  /** Sends a signal, SIGTERM by default, and waits for the end. */
  stop(signal?: Deno.Signal): Promise<number>;
}

/**
 * Starts a server and waits until it listens.
 *
 * @throws {Error} If it ends or takes too long before, with its output.
 */
export async function startServer(
  { name, command: [program, ...args], env, urlIn, onLine }: ServerOptions,
): Promise<ServerProcess> {
  const child = new Deno.Command(program, {
    args,
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const listening = Promise.withResolvers<string>();
  const take = (line: string) => {
    lines.push(line);
    const url = urlIn(line);
    if (url !== undefined) listening.resolve(url);
    onLine?.(line);
  };
  const ended = Promise.all([
    eachLine(child.stdout, take),
    eachLine(child.stderr, take),
  ]).then(() => child.status);
  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  };
  const stop = async (signal: Deno.Signal = "SIGTERM") => {
    kill(signal);
    const timer = setTimeout(() => kill("SIGKILL"), STOP_TIMEOUT_MS);
    const { code } = await ended;
    clearTimeout(timer);
    return code;
  };
  const fail = (what: string) =>
    listening.reject(
      new Error(`Cannot start ${name}: ${what}\n${lines.join("\n")}`),
    );
  const timer = setTimeout(
    () => fail(`it did not listen in ${START_TIMEOUT_MS / 1_000} s`),
    START_TIMEOUT_MS,
  );
  ended.then(({ code }) => fail(`it ended with exit code ${code}`));
  try {
    return {
      url: await listening.promise,
      pid: child.pid,
      lines,
      stop,
      [Symbol.asyncDispose]: async () => void await stop(),
    };
  } catch (error) {
    await stop("SIGKILL");
    throw error;
  } finally {
    clearTimeout(timer);
  }
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
