import { createClientTransport } from "@zitadel/client/web";
import { UPSTREAM_ORIGIN } from "../harness/sandbox/upstream.ts";

/**
 * Makes the transport of ZITADEL's client library over an upstream in process.
 *
 * @param fetch Sends the requests.
 * @param token The bearer token.
 * @returns The transport.
 */
export function clientTransport(
  fetch: typeof globalThis.fetch,
  token: string,
): ReturnType<typeof createClientTransport> {
  const options = { baseUrl: UPSTREAM_ORIGIN, fetch };
  // The library's types describe the options of its Node twin, without `fetch`.
  return createClientTransport(
    token,
    options as unknown as Parameters<typeof createClientTransport>[1],
  );
}
