import { FIXTURES_URL } from "../../../harness/fixtures/fixture.ts";

/** An answer of a real instance that was asked at an address that is not its domain. */
export interface InstanceHostExchange {
  readonly release: string;
  readonly path: string;
  /** The header `x-zitadel-instance-host`, if it was sent. */
  readonly instance_host: string | null;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body_base64: string;
}

/** The recorded exchanges of v3.4.9, v4.6.5 and v4.13.1. */
const INSTANCE_HOST_EXCHANGES: readonly InstanceHostExchange[] = JSON.parse(
  await Deno.readTextFile(
    new URL("recorded/instance_host.json", FIXTURES_URL),
  ),
).exchanges;

/**
 * Returns a `fetch` that answers as one release did, with and without the header.
 *
 * @param release The release.
 * @returns The `fetch`.
 */
export function recordedInstance(release: string) {
  const fetch: typeof globalThis.fetch = (input, init) => {
    const { pathname } = new URL(String(input));
    const host = new Headers(init?.headers).get("x-zitadel-instance-host");
    const exchange = INSTANCE_HOST_EXCHANGES.find((exchange) =>
      exchange.release === release && exchange.path === pathname &&
      (exchange.instance_host === null) === (host === null)
    );
    if (!exchange) return Promise.reject(new TypeError("not recorded"));
    const { status, headers, body_base64 } = exchange;
    return Promise.resolve(
      new Response(Uint8Array.fromBase64(body_base64), { status, headers }),
    );
  };
  return { fetch };
}
