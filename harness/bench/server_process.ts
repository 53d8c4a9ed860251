import { denoEnvironment } from "../util/deno_environment.ts";
import { freePort } from "../util/free_port.ts";
import { sleep } from "../util/sleep.ts";
import { type Call, sign } from "./call.ts";
import { type ProcessUsage, readProcessUsage } from "./process_usage.ts";

/** The deadline of a server's first answer, in milliseconds. */
const START_TIMEOUT_MS = 30_000;
/** How long to wait before trying a port again, in milliseconds. */
const CONNECT_RETRY_MS = 1;
/** How long a server may drain before it is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 5_000;

export interface ServerOptions {
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
  /** Variables beside `PORT`, `HOST` and what Deno reads. */
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Any free one by default. */
  readonly port?: number | undefined;
}

/** A server in a process of its own, without its output. */
export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly #startedAt: number;
  readonly #port: number;
  readonly #options: ServerOptions;
  readonly #child: Deno.ChildProcess;
  #hasEnded = false;

  constructor(options: ServerOptions) {
    options.signal.throwIfAborted();
    this.#options = options;
    this.#port = options.port ?? freePort();
    this.url = `http://127.0.0.1:${this.#port}/`;
    const [program, ...args] = options.command;
    // Without the exporter's settings: telemetry would be measured too.
    const environment = Object.entries(denoEnvironment(Deno.env.toObject()))
      .filter(([name]) => !name.startsWith("OTEL_"));
    this.#startedAt = performance.now();
    this.#child = new Deno.Command(program, {
      args,
      clearEnv: true,
      env: {
        ...Object.fromEntries(environment),
        ...options.env,
        PORT: String(this.#port),
        HOST: "127.0.0.1",
      },
      stdin: "null",
      stdout: "null",
      stderr: "null",
      signal: options.signal,
    }).spawn();
    this.#child.status.then(() => this.#hasEnded = true);
  }

  /** Waits until it listens. */
  async listening(): Promise<void> {
    while (!await canConnect(this.#port)) {
      const waited = performance.now() - this.#startedAt;
      if (this.#hasEnded || waited > START_TIMEOUT_MS) {
        throw new Error(`${this.#options.command.join(" ")} did not start`);
      }
      await sleep(CONNECT_RETRY_MS, this.#options.signal);
    }
  }

  /** Waits for its first answer; returns how long that took, in milliseconds. */
  async ready(call: Call): Promise<number> {
    // Signed before, so that the time is the server's alone.
    const signature = await sign(call);
    await this.listening();
    await this.#send(call, signature);
    return performance.now() - this.#startedAt;
  }

  /** Asks it once; returns how long the answer took, in milliseconds. */
  async ask(call: Call): Promise<number> {
    const signature = await sign(call);
    const begin = performance.now();
    await this.#send(call, signature);
    return performance.now() - begin;
  }

  usage(): Promise<ProcessUsage | undefined> {
    return readProcessUsage(this.#child.pid);
  }

  /** Stops it as an orchestrator would: it may drain. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    this.#child.kill("SIGTERM");
    const kill = () => this.#hasEnded || this.#child.kill("SIGKILL");
    const timer = setTimeout(kill, STOP_TIMEOUT_MS);
    await this.#child.status;
    clearTimeout(timer);
  }

  async #send({ body, reply }: Call, signature: string): Promise<void> {
    const headers = { "zitadel-signature": signature };
    const { signal, command } = this.#options;
    const init = { method: "POST", headers, body, signal };
    const response = await fetch(this.url, init);
    const text = (await response.text()).trim();
    if (text === reply) return;
    throw new Error(
      `Unexpected reply of ${command.join(" ")}: ${response.status} ${text}`,
    );
  }
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
