import type { Config } from "../../lib/config/settings.ts";
import { createEnvelopeOpener } from "../../lib/request/envelope.ts";
import { createConnection } from "../../lib/zitadel/connection.ts";
import { createSigningKeys } from "../../lib/zitadel/signing_keys.ts";

/**
 * Creates the opener of payloads in any of ZITADEL's three forms (JSON, JWT,
 * JWE), with the keys of the function's settings. It asks ZITADEL at the public
 * origin: the other one is the function's.
 */
export async function createPayloadOpener(
  config: Config,
  send: typeof fetch,
): Promise<(body: Uint8Array) => Promise<unknown>> {
  const { origin, upstreamTimeoutMs: timeoutMs } = config;
  const findKey = createSigningKeys(createConnection({
    domainOrigin: origin,
    fetch: send,
    now: Date.now,
    timeout: (ms) => AbortSignal.timeout(ms),
    timeoutMs,
  }));
  const open = await createEnvelopeOpener(findKey, config.payloadPrivateKey);
  return async (body) => await open(body, () => AbortSignal.timeout(timeoutMs));
}
