import { createUpstream, type UpstreamData } from "../sandbox/upstream.ts";

const METADATA_METHOD = /\/List(?:Organization|Org)Metadata$/;

/** An upstream on a loopback port. */
export interface ServedUpstream extends AsyncDisposable {
  readonly origin: string;
  /** How many of the requests asked for metadata. */
  readonly lookups: number;
  readonly requests: number;
}

/**
 * Serves an upstream. No answer leaves before `gate` resolves, for measurements
 * in which all callers must be waiting.
 */
export function serveUpstream(
  data: UpstreamData,
  { gate }: { gate?: Promise<void> } = {},
): ServedUpstream {
  const upstream = createUpstream(data);
  let lookups = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (METADATA_METHOD.test(new URL(request.url).pathname)) lookups++;
      const body = await request.bytes();
      await gate;
      // A new request: on the served one the library would listen for the client's abort.
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
