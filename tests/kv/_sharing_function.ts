import assert from "node:assert/strict";
import {
  type FunctionProcess,
  startFunction,
} from "../../harness/function/function_process.ts";
import { UPSTREAM_TOKEN } from "../../harness/sandbox/upstream.ts";
import type { KvServer } from "../../harness/test/kv_server.ts";
import { signPayload } from "../../harness/util/sign_payload.ts";

export const SIGNING_KEY = "pBw3ACvIx67a0efv3hAmzjGbLaI3UyA5fEYp";

/** Starts a function that asks the upstream and shares the KV. */
export function start(
  upstream: { readonly origin: string },
  kv: Pick<KvServer, "url" | "accessToken">,
  env: Record<string, string> = {},
): Promise<FunctionProcess> {
  return startFunction({
    env: {
      ZITADEL_DOMAIN: upstream.origin,
      AUTHORIZATION_SIGNING_KEY: SIGNING_KEY,
      ACCESS_TOKEN: UPSTREAM_TOKEN,
      KV_URL: kv.url,
      DENO_KV_ACCESS_TOKEN: kv.accessToken,
      ...env,
    },
  });
}

/** Sends a call as ZITADEL does, and returns the reply. */
export async function post(running: FunctionProcess, payload: unknown) {
  const body = new TextEncoder().encode(JSON.stringify(payload));
  const seconds = Math.floor(Date.now() / 1_000);
  const response = await fetch(running.url, {
    method: "POST",
    headers: {
      "zitadel-signature": await signPayload(SIGNING_KEY, seconds, body),
    },
    body,
  });
  const reply = await response.json();
  assert.equal(response.status, 200, JSON.stringify(reply));
  return reply;
}
