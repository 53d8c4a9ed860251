import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { denoEnvironment } from "../util/deno_environment.ts";
import { freePort } from "../util/free_port.ts";
import { projectPath } from "../util/project_path.ts";
import { type Call, isRightReply, signCalls, type SignedCall } from "./call.ts";
import { type ProcessUsage, readProcessUsage } from "./process_usage.ts";

/** The deadline of a server's first answer, in milliseconds. */
const START_TIMEOUT_MS = 30_000;
/** How long to wait before trying a port again, in milliseconds. */
const CONNECT_RETRY_MS = 1;
/** How long a server may drain before it is killed, in milliseconds. */
const STOP_TIMEOUT_MS = 5_000;

export const FUNCTION_SCRIPT: URL = new URL("../../main.ts", import.meta.url);
export const BARE_SCRIPT: URL = new URL("bare_server.ts", import.meta.url);
export const FLOOR_SCRIPT: URL = new URL("floor_server.ts", import.meta.url);

export interface ServerOptions {
  /** Environment variables; settings from this process do not reach it. */
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
  /** When it started (`performance.now()`). */
  readonly startedAt: number;
  readonly #port: number;
  readonly #options: ServerOptions;
  readonly #process: ChildProcess;
  readonly #ended: Promise<void>;
  #hasEnded = false;

  constructor(script: URL, options: ServerOptions) {
    options.signal.throwIfAborted();
    this.#options = options;
    this.#port = options.port ?? freePort();
    this.url = `http://127.0.0.1:${this.#port}/`;
    const log = openSync(options.log, "a");
    this.startedAt = performance.now();
    this.#process = spawn(
      Deno.execPath(),
      [
        "run",
        "--quiet",
        "--allow-all",
        // Also for a bundle in another folder.
        `--config=${projectPath("deno.json")}`,
        script.href,
      ],
      {
        env: {
          ...denoEnvironment(Deno.env.toObject()),
          ...options.env,
          PORT: String(this.#port),
          HOST: "127.0.0.1",
        },
        stdio: ["ignore", log, log],
      },
    );
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
    const { signal } = this.#options;
    while (!await canConnect(this.#port)) {
      signal.throwIfAborted();
      const waited = performance.now() - this.startedAt;
      if (this.#hasEnded || waited > START_TIMEOUT_MS) throw this.#noStart();
      await new Promise((resolve) => setTimeout(resolve, CONNECT_RETRY_MS));
    }
  }

  /** Waits for its first answer; returns how long that took, in milliseconds. */
  async ready(call?: Call): Promise<number> {
    // Signed before, so that the time is the server's alone.
    const [signed] = await signCalls(call ? [call] : []);
    await this.listening();
    const response = await this.#send(signed);
    const reply = await response.text();
    const ms = performance.now() - this.startedAt;
    if (call) requireRight(call, response, reply);
    return ms;
  }

  /** Asks it once; returns how long the answer took, in milliseconds. */
  async ask(call: Call): Promise<number> {
    const [signed] = await signCalls([call]);
    const begin = performance.now();
    const response = await this.#send(signed);
    const reply = await response.text();
    const ms = performance.now() - begin;
    requireRight(call, response, reply);
    return ms;
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

  #send(signed: SignedCall | undefined): Promise<Response> {
    return fetch(this.url, {
      method: "POST",
      headers: signed ? { "zitadel-signature": signed.signature } : {},
      body: signed?.body ?? "",
      signal: this.#options.signal,
    });
  }

  #noStart(): Error {
    const { log } = this.#options;
    const said = log === "/dev/null" ? "" : Deno.readTextFileSync(log);
    return new Error(
      `A server did not start at ${this.url}${said && `; it said:\n${said}`}`,
    );
  }
}

function requireRight(call: Call, response: Response, reply: string): void {
  if (isRightReply(call, reply)) return;
  throw new Error(`Unexpected reply of a server: ${response.status} ${reply}`);
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
