import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { denoEnvironment } from "../function/function_environment.ts";
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
  /** The file for its output, like a container's log. */
  readonly log: string;
  readonly signal: AbortSignal;
  /** Any free one by default. */
  readonly port?: number;
}

/** A server in a process of its own. */
export class ServerProcess implements AsyncDisposable {
  readonly url: string;
  readonly #startedAt: number;
  readonly #port: number;
  readonly #options: ServerOptions;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #hasEnded = false;

  constructor(options: ServerOptions) {
    options.signal.throwIfAborted();
    this.#options = options;
    this.#port = options.port ?? freePort();
    this.url = `http://127.0.0.1:${this.#port}/`;
    const [program, ...args] = options.command;
    const log = openSync(options.log, "a");
    // Without the exporter's settings: telemetry would be measured too.
    const environment = Object.entries(denoEnvironment(Deno.env.toObject()))
      .filter(([name]) => !name.startsWith("OTEL_"));
    this.#startedAt = performance.now();
    this.#process = spawn(program, args, {
      env: {
        ...Object.fromEntries(environment),
        ...options.env,
        PORT: String(this.#port),
        HOST: "127.0.0.1",
      },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    const kill = () => void this.#process.kill("SIGKILL");
    options.signal.addEventListener("abort", kill, { once: true });
    this.#ended = new Promise((resolve) =>
      this.#process.once("exit", () => {
        this.#hasEnded = true;
        options.signal.removeEventListener("abort", kill);
        resolve();
      })
    );
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
    return readProcessUsage(this.#process.pid!);
  }

  /** Stops it as an orchestrator would: it may drain. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#hasEnded) return;
    this.#process.kill("SIGTERM");
    const timer = setTimeout(
      () => this.#process.kill("SIGKILL"),
      STOP_TIMEOUT_MS,
    );
    await this.#ended;
    clearTimeout(timer);
  }

  async #send({ body, reply }: Call, signature: string): Promise<void> {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "zitadel-signature": signature },
      body,
      signal: this.#options.signal,
    });
    const text = (await response.text()).trim();
    if (text === reply) return;
    throw new Error(
      `Unexpected reply of ${
        this.#options.command.join(" ")
      }: ${response.status} ${text}`,
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
