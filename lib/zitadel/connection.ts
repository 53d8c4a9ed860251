import type { Clock } from "../util/clock.ts";
import { errorText } from "../util/error_text.ts";
import { UpstreamFault } from "./upstream_fault.ts";

/** How ZITADEL finds the instance if it is reached at another address than its domain. */
const INSTANCE_HOST_HEADER = "x-zitadel-instance-host";

export interface ConnectionOptions extends Clock {
  /** Public origin of the instance (`ZITADEL_DOMAIN`). */
  readonly domainOrigin: string;
  /** Origin at which ZITADEL is reached if it is not the public one (`ZITADEL_INTERNAL_URL`). */
  readonly internalOrigin?: string | undefined;
  readonly fetch: typeof fetch;
  /** Deadline of one reading, one token request or one fetch of the keys, in milliseconds. */
  readonly timeoutMs: number;
}

/** How the function reaches its ZITADEL instance. */
export type ZitadelConnection = ReturnType<typeof createConnection>;

/** Creates the connection to an instance. It sends nothing yet. */
export function createConnection(
  { domainOrigin, internalOrigin, fetch: send, now, timeout, timeoutMs }:
    ConnectionOptions,
) {
  /** Sends a request to ZITADEL. Redirects are answers. It throws an `UpstreamFault` if there is no answer. */
  const fetchFromZitadel: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    if (internalOrigin !== undefined) {
      headers.set(INSTANCE_HOST_HEADER, new URL(domainOrigin).host);
    }
    try {
      // A followed redirect would carry the token to another host.
      return await send(input, { ...init, headers, redirect: "manual" });
    } catch (cause) {
      const error = errorText(cause, secretsIn(headers, init?.body));
      throw new UpstreamFault("unreachable", "ZITADEL cannot be reached", {
        cause,
        fields: { error },
      });
    }
  };
  return {
    /** The instance's public origin: the issuer, and the audience of JWT profile assertions. */
    issuer: domainOrigin,
    /** The origin at which ZITADEL is reached: every endpoint is built from it. */
    baseUrl: internalOrigin ?? domainOrigin,
    fetch: fetchFromZitadel,
    now,
    timeoutMs,
    /** Starts the deadline of `timeoutMs`. */
    startDeadline: () => timeout(timeoutMs),
  } as const;
}

/** What a request carries that no log may hold: a bearer token, or a form with a client secret or an assertion. */
function secretsIn(headers: Headers, body: unknown): readonly string[] {
  const bearer = headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
  const form = body instanceof URLSearchParams ? [...body.values()] : [];
  return [bearer, ...form].filter((secret) => secret !== "");
}
