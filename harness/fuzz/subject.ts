import { UPSTREAM_TOKEN } from "../sandbox/upstream.ts";
import { startUpstreamServer } from "../fixtures/upstream_server.ts";
import { startFunction } from "../function/function_process.ts";
import { answerHuge } from "./huge_metadata.ts";

export const SIGNING_KEY = "key-of-the-attacked-target";
/** The default. */
export const UPSTREAM_TIMEOUT_MS = 2_000;

/** The function under attack, in a process of its own, and the ZITADEL that it asks. */
export type Subject = Awaited<ReturnType<typeof startSubject>>;

/**
 * Starts the function beside a ZITADEL that knows every organization, each with
 * the same mapping, and a few with huge metadata.
 */
export async function startSubject(seed: number) {
  const metadata = { viewer: btoa('["read"]'), editor: btoa('["write"]') };
  const upstream = startUpstreamServer({
    organizations: new Proxy({}, { get: () => ({ readable: true, metadata }) }),
  }, answerHuge(seed));
  const target = await startFunction({
    env: {
      ZITADEL_DOMAIN: upstream.origin,
      AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
      ACCESS_TOKEN: UPSTREAM_TOKEN,
      CACHE_FRESH_SECONDS: "2",
      CACHE_STALE_SECONDS: "60",
      KV_URL: ":memory:",
    },
  });
  return {
    target,
    upstream,
    async [Symbol.asyncDispose]() {
      await target.stop();
      await upstream.stop();
    },
  };
}
