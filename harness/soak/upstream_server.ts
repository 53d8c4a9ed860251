import { createUpstream, UPSTREAM_TOKEN } from "../sandbox/upstream.ts";

/** An upstream on loopback that can be slow, and stopped and started again. */
export interface UpstreamServer {
  readonly token: string;
  /** Its address, which it keeps while it is stopped. */
  readonly origin: string;
  /** How long each answer is delayed, in milliseconds. */
  delayMs: number;
  /** Cuts its connections and refuses new ones. */
  stop(): Promise<void>;
  start(): void;
}

/**
 * Starts an upstream that knows every organization, each with the same mapping.
 */
export function startUpstreamServer(): UpstreamServer {
  const metadata = Object.fromEntries(
    ["viewer", "editor", "admin"].map((role) => [
      role,
      btoa(JSON.stringify([`${role}:read`, `${role}:write`])),
    ]),
  );
  const upstream = createUpstream({
    organizations: new Proxy({}, { get: () => ({ readable: true, metadata }) }),
  });
  let server: Deno.HttpServer<Deno.NetAddr> | undefined;
  let cut = new AbortController();
  let port = 0;
  const upstreamServer = {
    token: UPSTREAM_TOKEN,
    origin: "",
    delayMs: 0,
    start() {
      cut = new AbortController();
      server = Deno.serve({
        hostname: "127.0.0.1",
        port,
        signal: cut.signal,
        onListen() {},
        onError: () => new Response(null, { status: 500 }),
      }, async (request) => {
        const body = await request.bytes();
        const { delayMs } = upstreamServer;
        if (delayMs > 0) {
          await new Promise((resolve) => setTimeout(resolve, delayMs));
        }
        const { url, method, headers } = request;
        return upstream.fetch(new Request(url, { method, headers, body }));
      });
      ({ port } = server.addr);
      upstreamServer.origin = `http://127.0.0.1:${port}`;
    },
    async stop() {
      cut.abort();
      await server?.finished;
    },
  };
  upstreamServer.start();
  return upstreamServer;
}
