import { createUpstream, type UpstreamWorld } from "../fixtures/upstream.ts";

const METADATA_METHOD = /\/List(?:Organization|Org)Metadata$/;

/** A ZITADEL on a port of this machine. */
export interface ServedUpstream extends AsyncDisposable {
  /** Where it is. */
  readonly origin: string;
  /** How many times metadata was asked for. */
  readonly lookups: number;
  /** How many requests it got in all. */
  readonly requests: number;
}

/**
 * Serves a ZITADEL that knows organizations and their metadata.
 *
 * @param world What it knows.
 * @param options What is waited for before each answer, for measurements that need all to be waiting.
 * @returns The ZITADEL.
 */
export function serveUpstream(
  world: UpstreamWorld,
  { gate }: { gate?: Promise<void> } = {},
): ServedUpstream {
  const upstream = createUpstream(world);
  let lookups = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (METADATA_METHOD.test(new URL(request.url).pathname)) lookups++;
      const body = await request.bytes();
      await gate;
      // A request of its own: on the served one the library would listen for the client's end.
      const { url, method, headers } = request;
      return await upstream.fetch(url, { method, headers, body });
    },
  );
  return {
    origin: `http://127.0.0.1:${server.addr.port}`,
    get lookups() {
      return lookups;
    },
    get requests() {
      return upstream.requests;
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
