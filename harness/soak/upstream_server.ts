import { createUpstream, UPSTREAM_TOKEN } from "../fixtures/upstream.ts";

/** A ZITADEL on loopback that can be slow, and go away for a while. */
export interface StandIn {
  /** The service user's token. */
  readonly token: string;
  /** Where it is, also while it is away. */
  readonly origin: string;
  /** How long it takes to answer, in milliseconds. */
  delayMs: number;
  /** Goes away: connections are cut, new ones refused. */
  stop(): Promise<void>;
  /** Comes back at the same address. */
  start(): void;
}

/**
 * Starts a stand-in that knows every organization, each with the same mapping.
 *
 * @returns The stand-in.
 */
export function startStandIn(): StandIn {
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
  const standIn = {
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
        const { delayMs } = standIn;
        if (delayMs > 0) {
          await new Promise((resolve) => setTimeout(resolve, delayMs));
        }
        const { url, method, headers } = request;
        return upstream.fetch(new Request(url, { method, headers, body }));
      });
      ({ port } = server.addr);
      standIn.origin = `http://127.0.0.1:${port}`;
    },
    async stop() {
      cut.abort();
      await server?.finished;
    },
  };
  standIn.start();
  return standIn;
}
