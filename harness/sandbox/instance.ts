import { exportJWK, generateKeyPair } from "jose";
import { newIdentifier } from "./identifier.ts";
import type { World } from "./world.ts";

/** A call of a target, and its reply. */
export interface Exchange {
  /** The id of the access token that it was made for, if it was issued in this call. */
  token?: string | undefined;
  /** When the call began, in milliseconds since 1970. */
  time: number;
  /** What caused the call: `function/preaccesstoken`, `org.metadata.set`, ... */
  condition: string;
  target: { id: string; name: string; endpoint: string };
  /** The request; the payload is the body before JWT wrapping. */
  request: { headers: Record<string, string>; body: string; payload: unknown };
  /** Absent if the call failed. */
  reply?: { status: number; headers: Record<string, string>; body: string };
  /** Why there is no reply. */
  error?: string;
  ms: number;
}

export type WebKey = Awaited<ReturnType<typeof createWebKey>>;

/** A running sandbox's world, and what acts on it. */
export interface Instance {
  readonly world: World;
  /** The issuer, and the base of every URL, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Signs tokens and JWT payloads. */
  readonly webKey: WebKey;
  readonly fetch: typeof fetch;
  readonly closing: AbortSignal;
  /** The last exchanges, oldest first. */
  readonly exchanges: Exchange[];
  /** Deliveries in progress that no request waits for. */
  readonly pending: Set<Promise<unknown>>;
}

let webKey: Promise<WebKey> | undefined;

/**
 * Creates the signing key once per process, since that takes most of a second.
 * Tokens of several sandboxes differ in their issuer.
 */
export function ownWebKey(): Promise<WebKey> {
  return webKey ??= createWebKey();
}

async function createWebKey() {
  const options = { extractable: true };
  const { privateKey, publicKey } = await generateKeyPair("RS256", options);
  const kid = newIdentifier();
  const jwk = await exportJWK(publicKey);
  const publicJwk = { use: "sig", ...jwk, kid, alg: "RS256" };
  return { kid, privateKey, publicJwk };
}

/**
 * Tracks work that no request waits for, so that closing the sandbox can wait.
 */
export function inBackground(instance: Instance, work: Promise<unknown>): void {
  const tracked: Promise<unknown> = work
    .finally(() => instance.pending.delete(tracked));
  instance.pending.add(tracked);
}

const HINT =
  "Instance not found. Make sure you got the domain right. Check out https://zitadel.com/docs/apis/introduction#domains";

/**
 * Returns ZITADEL's message if a request does not name the instance's domain, by
 * `x-zitadel-instance-host` or else by its host.
 */
export function unknownInstance(
  { origin }: Pick<Instance, "origin">,
  headers: Headers,
): string | undefined {
  const host = headers.get("x-zitadel-instance-host") ?? headers.get("host");
  const { hostname } = new URL(origin);
  if (host === null || URL.parse(`http://${host}`)?.hostname === hostname) {
    return undefined;
  }
  return `unable to set instance using origin &{${host}  http} (ExternalDomain is ${hostname}): ID=QUERY-1kIjX Message=${HINT}`;
}
