import { CompactEncrypt, CompactSign, importSPKI } from "jose";
import { signPayload } from "../util/sign_payload.ts";
import { endpointProblem } from "./endpoint_rules.ts";
import { type Exchange, EXCHANGES_KEPT, type Instance } from "./instance.ts";
import type { Target } from "./world.ts";

const encoder = new TextEncoder();

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
  { condition, payload }: { condition: string; payload: unknown },
): Promise<TargetReply> {
  const body = await encodePayload(instance, target, JSON.stringify(payload));
  const seconds = Math.floor(Date.now() / 1000);
  const headers = {
    "content-type": "application/json",
    "user-agent": "Go-http-client/1.1",
    "zitadel-signature": await signPayload(target.signingKey, seconds, body),
  };
  const exchange: Exchange = {
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
    keep(instance, exchange);
  }
}

function keep(instance: Instance, exchange: Exchange): void {
  instance.exchanges.push(exchange);
  if (instance.exchanges.length > EXCHANGES_KEPT) instance.exchanges.shift();
  instance.log(
    `${exchange.condition} -> ${exchange.target.endpoint} ` +
      `${exchange.reply?.status ?? exchange.error} ` +
      `${exchange.ms.toFixed(0)} ms`,
  );
  instance.onExchange(exchange);
}

async function encodePayload(
  { webKey }: Instance,
  target: Target,
  json: string,
): Promise<string> {
  if (target.payloadType === "json") return json;
  const jws = await new CompactSign(encoder.encode(json))
    .setProtectedHeader({ alg: "RS256", kid: webKey.kid, typ: "JWT" })
    .sign(webKey.privateKey);
  if (target.payloadType === "jwt") return jws;
  const key = target.keys.find((candidate) => candidate.active);
  if (!key) {
    throw new Error("Target has no active public key to encrypt for");
  }
  const alg = await keyManagement(key.pem);
  return await new CompactEncrypt(encoder.encode(jws))
    .setProtectedHeader({
      alg,
      cty: "JWT",
      enc: "A256GCM",
      kid: key.id,
      typ: "JWT",
    })
    .encrypt(await importSPKI(key.pem, alg));
}

async function keyManagement(pem: string): Promise<string> {
  try {
    await importSPKI(pem, "RSA-OAEP-256");
    return "RSA-OAEP-256";
  } catch {
    return "ECDH-ES+A256KW";
  }
}
