import {
  type ConnectionOptions,
  createConnection,
  type ZitadelConnection,
} from "../../lib/zitadel/connection.ts";

/** Connects to an instance as the function does, by this machine's network and clock. */
export function connectionTo(
  options:
    & Pick<ConnectionOptions, "domainOrigin" | "internalOrigin" | "timeoutMs">
    & Partial<Pick<ConnectionOptions, "fetch">>,
): ZitadelConnection {
  return createConnection({
    fetch,
    now: Date.now,
    timeout: (ms) => AbortSignal.timeout(ms),
    ...options,
  });
}
