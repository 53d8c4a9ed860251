import { CompactSign } from "jose";
import { signPayload } from "../util/sign_payload.ts";
import type { Exchange, Instance } from "./instance.ts";
import type { Target } from "./world.ts";

/** The sandbox keeps this many exchanges for inspection. */
const EXCHANGES_KEPT = 100;

/**
 * Calls a target once: wraps, signs and sends the payload, and waits at most
 * for the target's timeout. Follows redirects as ZITADEL does, without retries.
 */
export async function callTarget(
  instance: Instance,
  { id, name, endpoint, timeoutMs, signingKey, payloadType }: Target,
  { token, condition, payload }:
    & Pick<Exchange, "token" | "condition">
    & { readonly payload: unknown },
): Promise<NonNullable<Exchange["reply"]>> {
  if (payloadType === "jwe") throw new Error("The sandbox does not encrypt");
  const json = JSON.stringify(payload);
  const body = payloadType === "jwt" ? await sign(instance, json) : json;
  const seconds = Math.floor(Date.now() / 1000);
  const headers = {
    "content-type": "application/json",
    "user-agent": "Go-http-client/1.1",
    "zitadel-signature": signPayload(signingKey, seconds, body),
  };
  const exchange: Exchange = {
    token,
    time: Date.now(),
    condition,
    target: { id, name, endpoint },
    request: { headers, body, payload },
    ms: 0,
  };
  const started = performance.now();
  const timeout = new AbortController();
  const timer = setTimeout(
    () => timeout.abort(new Error("Target did not answer in time")),
    timeoutMs,
  );
  try {
    const signal = AbortSignal.any([timeout.signal, instance.closing]);
    const init = { method: "POST", headers, body, signal };
    const response = await instance.fetch(endpoint, init);
    return exchange.reply = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  } catch (error) {
    exchange.error = error instanceof Error ? error.message : String(error);
    throw error;
  } finally {
    clearTimeout(timer);
    exchange.ms = performance.now() - started;
    instance.exchanges.push(exchange);
    if (instance.exchanges.length > EXCHANGES_KEPT) instance.exchanges.shift();
  }
}

function sign({ webKey }: Instance, json: string): Promise<string> {
  return new CompactSign(new TextEncoder().encode(json))
    .setProtectedHeader({ alg: "RS256", kid: webKey.kid, typ: "JWT" })
    .sign(webKey.privateKey);
}
