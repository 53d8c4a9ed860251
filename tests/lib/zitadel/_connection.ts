import { UPSTREAM_ORIGIN } from "../../../harness/sandbox/upstream.ts";
import {
  type ConnectionOptions,
  createConnection,
  type ZitadelConnection,
} from "../../../lib/zitadel/connection.ts";
import { NOW } from "../_function.ts";

/** A connection to the upstream, by a `fetch`. */
export function connectionBy(
  fetch: typeof globalThis.fetch,
  options: Partial<ConnectionOptions> = {},
): ZitadelConnection {
  return createConnection({
    domainOrigin: UPSTREAM_ORIGIN,
    fetch,
    now: () => NOW,
    timeout: (ms) => AbortSignal.timeout(ms),
    timeoutMs: 5_000,
    ...options,
  });
}

/** A connection to something that always answers like this. */
export function connectionTo(
  respond: () => Response,
  options?: Partial<ConnectionOptions>,
): ZitadelConnection {
  return connectionBy(() => Promise.resolve(respond()), options);
}
