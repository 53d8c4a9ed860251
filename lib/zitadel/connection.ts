/** How ZITADEL finds the instance if it is reached at another address than its domain. */
const INSTANCE_HOST_HEADER = "x-zitadel-instance-host";

/** How the function reaches its ZITADEL instance. */
export interface ZitadelConnection {
  /** The instance's public origin: the issuer, and the audience of JWT profile assertions. */
  readonly issuer: string;
  /** The origin at which ZITADEL is reached: every endpoint is built from it. */
  readonly baseUrl: string;
  /** The public host, sent with each request if {@linkcode baseUrl} is not the public origin. */
  readonly instanceHost?: string;
  /** Sends a request to ZITADEL. Redirects are answers, and are not followed. */
  readonly fetch: typeof fetch;
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** Deadline of one reading, one token request or one fetch of the keys, in milliseconds. */
  readonly timeoutMs: number;
}

/** What a connection is created from. */
export interface ConnectionOptions {
  /** Public origin of the instance (`ZITADEL_DOMAIN`). */
  readonly domainOrigin: string;
  /** Origin at which ZITADEL is reached if it is not the public one (`ZITADEL_INTERNAL_URL`). */
  readonly internalOrigin?: string | undefined;
  /** Sends the requests. */
  readonly fetch: typeof fetch;
  /** Returns the time, in milliseconds since 1970. */
  readonly now: () => number;
  /** See {@linkcode ZitadelConnection.timeoutMs}. */
  readonly timeoutMs: number;
}

/**
 * Creates the connection to an instance. It sends nothing yet.
 *
 * @param options What the connection is created from.
 * @returns The connection.
 *
 * @example
 * ```ts
 * const connection = createConnection({
 *   domainOrigin: "https://login.example.com",
 *   internalOrigin: "http://zitadel:8080",
 *   fetch,
 *   now: Date.now,
 *   timeoutMs: 2_000,
 * });
 * connection.baseUrl; // "http://zitadel:8080"
 * connection.instanceHost; // "login.example.com"
 * ```
 */
export function createConnection(
  { domainOrigin, internalOrigin, fetch: send, now, timeoutMs }:
    ConnectionOptions,
): ZitadelConnection {
  const instanceHost = internalOrigin === undefined
    ? undefined
    : new URL(domainOrigin).host;
  return {
    issuer: domainOrigin,
    baseUrl: internalOrigin ?? domainOrigin,
    ...(instanceHost !== undefined && { instanceHost }),
    now,
    timeoutMs,
    fetch: (input, init) => {
      const headers = new Headers(init?.headers);
      if (instanceHost !== undefined) {
        headers.set(INSTANCE_HOST_HEADER, instanceHost);
      }
      // A followed redirect would carry the token to another host.
      return send(input, { ...init, headers, redirect: "manual" });
    },
  };
}
