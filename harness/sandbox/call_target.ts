import { CompactSign } from "jose";
import { signPayload } from "../util/sign_payload.ts";
import { endpointProblem } from "./endpoint_rules.ts";
import { type Exchange, EXCHANGES_KEPT, type Instance } from "./instance.ts";
import type { Target } from "./world.ts";

export interface TargetReply {
  readonly status: number;
  readonly body: string;
}

/**
 * Calls a target once: wraps, signs and sends the payload, and waits at most
 * for the target's timeout. Follows redirects as ZITADEL does, without retries.
 */
export async function callTarget(
  instance: Instance,
  target: Target,
  { condition, payload, token }: {
    condition: string;
    payload: unknown;
    token?: string | undefined;
  },
): Promise<TargetReply> {
  const body = await encodePayload(instance, target, JSON.stringify(payload));
  const seconds = Math.floor(Date.now() / 1000);
  const headers = {
    "content-type": "application/json",
    "user-agent": "Go-http-client/1.1",
    "zitadel-signature": await signPayload(target.signingKey, seconds, body),
  };
  const exchange: Exchange = {
    ...token !== undefined && { token },
    time: Date.now(),
    condition,
    target: { id: target.id, name: target.name, endpoint: target.endpoint },
    request: { headers, body, payload },
    ms: 0,
  };
  const started = performance.now();
  const timeout = new AbortController();
  const timer = setTimeout(
    () => timeout.abort(new Error("Target did not answer in time")),
    target.timeoutMs,
  );
  try {
    if (instance.denyPrivateAddresses) {
      const problem = await endpointProblem(target.endpoint, instance);
      if (problem !== undefined) throw new Error(problem);
    }
    const response = await instance.fetch(target.endpoint, {
      method: "POST",
      headers,
      body,
      signal: AbortSignal.any([timeout.signal, instance.closing]),
    });
    const reply = { status: response.status, body: await response.text() };
    exchange.reply = {
      ...reply,
      headers: Object.fromEntries(response.headers),
    };
    return reply;
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

async function encodePayload(
  { webKey }: Instance,
  { payloadType }: Target,
  json: string,
): Promise<string> {
  if (payloadType === "json") return json;
  if (payloadType === "jwe") throw new Error("The sandbox does not encrypt");
  return await new CompactSign(new TextEncoder().encode(json))
    .setProtectedHeader({ alg: "RS256", kid: webKey.kid, typ: "JWT" })
    .sign(webKey.privateKey);
}
