import { readConfig } from "../../lib/config/settings.ts";
import { createFunction } from "../../harness/function/create_function.ts";
import type { Handler } from "../../lib/handler.ts";
import { parseEnv } from "../../harness/cli/env_file.ts";

/** The function on loopback, with the settings of an env file. */
export interface FunctionServer extends AsyncDisposable {
  /** Where it answers. */
  readonly endpoint: string;
  /** How ZITADEL's calls were answered; canaries are not among them. */
  readonly statuses: number[];
  /** Takes the env file's settings, as a restart without a gap would. */
  reload(): Promise<void>;
}

/**
 * Starts the function.
 *
 * @param envFile The env file; it may lack settings until the first reload.
 * @param origin The instance's origin.
 * @param port Where to listen; 0 for a free port.
 * @returns The running function.
 */
export function startFunction(
  envFile: string,
  origin: string,
  port = 0,
): FunctionServer {
  let handler: Handler | undefined;
  const statuses: number[] = [];
  const background = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {} },
    async (request) => {
      const response = await handler?.(request) ??
        Response.json({ status: "starting" }, {
          status: request.url.endsWith("/healthz") ? 200 : 503,
        });
      const agent = request.headers.get("user-agent") ?? "";
      if (agent.startsWith("Go-http-client/")) statuses.push(response.status);
      return response;
    },
  );
  return {
    endpoint: `http://127.0.0.1:${server.addr.port}/`,
    statuses,
    async reload() {
      const settings = parseEnv(await Deno.readTextFile(envFile));
      handler = await createFunction(
        readConfig({ ZITADEL_DOMAIN: origin, ...settings }),
        {
          fetch,
          now: Date.now,
          // One that the doctor never finds too old.
          deno: "99.0.0",
          log: () => {},
          shutdown: background.signal,
        },
      );
    },
    async [Symbol.asyncDispose]() {
      background.abort();
      await server.shutdown();
    },
  };
}
