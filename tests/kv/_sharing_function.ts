import assert from "node:assert/strict";
import {
  type FunctionProcess,
  startFunction,
} from "../../harness/function/function_process.ts";
import { UPSTREAM_TOKEN } from "../../harness/sandbox/upstream.ts";
import type { KvServer } from "../../harness/test/kv_server.ts";
import { signed } from "../main/_loopback.ts";

export const SIGNING_KEY = "pBw3ACvIx67a0efv3hAmzjGbLaI3UyA5fEYp";

/** Starts a function that asks a ZITADEL and shares the KV. */
export function start(
  origin: string,
  kv: Pick<KvServer, "url" | "accessToken">,
  env: Record<string, string> = {},
): Promise<FunctionProcess> {
  return startFunction({
    env: {
      ZITADEL_DOMAIN: origin,
      AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
      ACCESS_TOKEN: UPSTREAM_TOKEN,
      KV_URL: kv.url,
      DENO_KV_ACCESS_TOKEN: kv.accessToken,
      ...env,
    },
  });
}

/** Sends a call as ZITADEL does, and returns the reply. */
export async function post({ url }: FunctionProcess, payload: unknown) {
  const response = await fetch(await signed(url, SIGNING_KEY, payload));
  const reply = await response.json();
  assert.equal(response.status, 200, JSON.stringify(reply));
  return reply;
}
